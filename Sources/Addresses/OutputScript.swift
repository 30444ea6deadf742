package import Bytes

/// A scriptPubKey that an address stands for, by its template.
///
///     p2pkh   76 a9 14 {20} 88 ac    OP_DUP OP_HASH160 … OP_EQUALVERIFY OP_CHECKSIG
///     p2sh    a9 14 {20} 87          OP_HASH160 … OP_EQUAL            (BIP-0016)
///     p2wpkh  00 14 {20}                                              (BIP-0141)
///     p2wsh   00 20 {32}                                              (BIP-0141)
///     p2tr    51 20 {32}                                              (BIP-0341)
///     witness 51…60, push of 2…40    any other segwit version or length
package enum OutputScript: Hashable, Sendable {
  /// HASH160 of a public key.
  case p2pkh(Hash20)
  /// HASH160 of a redeem script.
  case p2sh(Hash20)
  /// HASH160 of a compressed public key.
  case p2wpkh(Hash20)
  /// SHA-256 of a witness script.
  case p2wsh(Hash32)
  /// The x coordinate of the output key. Whether a curve point has it is not checked here: see
  /// `XOnlyPublicKey.isValid` in `Keys`. Money sent to an x that has none is lost.
  case p2tr(Hash32)
  /// A witness program that none of the other cases describes, such as pay to anchor.
  case witness(FutureWitness)

  /// A witness program outside P2WPKH, P2WSH and P2TR.
  package struct FutureWitness: Hashable, Sendable {
    package let program: WitnessProgram

    fileprivate init(_ program: WitnessProgram) { self.program = program }
  }

  package init(_ program: WitnessProgram) {
    switch program.version {
    case 0:
      if let hash = Hash20(program.program) {
        self = .p2wpkh(hash)
        return
      }
      if let hash = Hash32(program.program) {
        self = .p2wsh(hash)
        return
      }
    case 1:
      if let key = Hash32(program.program) {
        self = .p2tr(key)
        return
      }
    default: break
    }
    self = .witness(FutureWitness(program))
  }

  /// Pay to anchor (BIP-0433).
  package static let anchor = OutputScript(WitnessProgram.anchor)

  /// Nil where no address stands for the script; `ScriptKind` says what it is then.
  package init?(scriptPubKey: RawSpan) {
    let count = scriptPubKey.byteCount
    guard count >= 4 else { return nil }
    // Each offset below lies inside the length checked beside it.
    func byte(_ offset: Int) -> UInt8 {
      scriptPubKey.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }
    switch (byte(0), count) {
    case (0x76, 25)
    where byte(1) == 0xa9 && byte(2) == 20 && byte(23) == 0x88 && byte(24) == 0xac:
      self = .p2pkh(Hash20(bytes: scriptPubKey, at: 3))
    case (0xa9, 23) where byte(1) == 20 && byte(22) == 0x87:
      self = .p2sh(Hash20(bytes: scriptPubKey, at: 2))
    case (0x00, 22) where byte(1) == 20:
      self = .p2wpkh(Hash20(bytes: scriptPubKey, at: 2))
    case (0x00, 34) where byte(1) == 32:
      self = .p2wsh(Hash32(bytes: scriptPubKey, at: 2))
    case (0x51, 34) where byte(1) == 32:
      self = .p2tr(Hash32(bytes: scriptPubKey, at: 2))
    default:
      guard let program = WitnessProgram(scriptPubKey: scriptPubKey) else { return nil }
      self = .witness(FutureWitness(program))
    }
  }

  package init?(scriptPubKey: [UInt8]) {
    self.init(scriptPubKey: scriptPubKey.span.bytes)
  }

  package var scriptPubKey: [UInt8] {
    var script: [UInt8] = []
    // The longest is a witness program of 40 bytes behind its version and length.
    script.reserveCapacity(42)
    switch self {
    case .p2pkh(let hash):
      script += [0x76, 0xa9, 0x14]
      script.append(hash)
      script += [0x88, 0xac]
    case .p2sh(let hash):
      script += [0xa9, 0x14]
      script.append(hash)
      script.append(0x87)
    case .p2wpkh(let hash):
      script += [0x00, 0x14]
      script.append(hash)
    case .p2wsh(let hash):
      script += [0x00, 0x20]
      script.append(hash)
    case .p2tr(let key):
      script += [0x51, 0x20]
      script.append(key)
    case .witness(let witness): script = witness.program.scriptPubKey
    }
    return script
  }
}
