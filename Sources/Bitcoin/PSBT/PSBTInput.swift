package import Bytes
internal import ChainTypes
package import Keys

/// What is known of an input: what it spends, who may sign for it, the signatures so far, and at
/// the end the script and witness that they make.
package struct PSBTInput: Hashable, Sendable {
  package internal(set) var map: PSBTMap

  /// The types of its map's keys.
  enum Field {
    static let nonWitnessUTXO: UInt8 = 0x00
    static let witnessUTXO: UInt8 = 0x01
    static let partialSignature: UInt8 = 0x02
    static let sighashType: UInt8 = 0x03
    static let redeemScript: UInt8 = 0x04
    static let witnessScript: UInt8 = 0x05
    static let derivation: UInt8 = 0x06
    static let finalScriptSig: UInt8 = 0x07
    static let finalWitness: UInt8 = 0x08
    static let reserveProof: UInt8 = 0x09
    /// RIPEMD-160, SHA-256, HASH160, SHA-256d.
    static let preimages: ClosedRange<UInt8> = 0x0a...0x0d
    /// Fields of version 2 (BIP-0370), which version 0 must not have.
    static let versionTwo: ClosedRange<UInt8> = 0x0e...0x12
    static let taprootSignature: UInt8 = 0x13
    static let taprootScriptSignature: UInt8 = 0x14
    static let taprootLeafScript: UInt8 = 0x15
    static let taprootDerivation: UInt8 = 0x16
    static let taprootInternalKey: UInt8 = 0x17
    static let taprootMerkleRoot: UInt8 = 0x18
  }

  init() { map = PSBTMap() }

  init(_ map: PSBTMap, of input: TransactionInput, at index: Int) throws(PSBTError) {
    self.map = map
    try PSBTInputChecks.check(map, at: index)
    guard let previous = nonWitnessUTXO else { return }
    let txid = previous.txid
    guard txid == input.outpoint.txid else {
      throw .wrongPreviousTransaction(input: index, txid: txid)
    }
    guard input.outpoint.vout < previous.outputs.count else {
      throw .noPreviousOutput(input: index, vout: input.outpoint.vout)
    }
  }

  /// The whole transaction whose output is spent.
  package var nonWitnessUTXO: Transaction? {
    get { map[[Field.nonWitnessUTXO]].flatMap { try? Transaction(bytes: $0) } }
    set { assign(Field.nonWitnessUTXO, newValue?.bytes) }
  }

  package var hasNonWitnessUTXO: Bool { map[[Field.nonWitnessUTXO]] != nil }

  /// The output that is spent, by itself.
  package var witnessUTXO: TransactionOutput? {
    get { map[[Field.witnessUTXO]].flatMap(TransactionOutput.init(psbt:)) }
    set {
      assign(
        Field.witnessUTXO,
        newValue.map {
          var bytes: [UInt8] = []
          bytes.append(output: $0)
          return bytes
        })
    }
  }

  /// The signatures so far, as they stand in scripts and witnesses, with the type in their last
  /// byte, by the key that made them.
  package var partialSignatures: [(key: PublicKey, signature: [UInt8])] {
    map.entries(ofType: Field.partialSignature).compactMap { entry in
      (try? PublicKey(Array(entry.keyData))).map { ($0, entry.value) }
    }
  }

  mutating func setPartialSignature(_ signature: [UInt8], by key: PublicKey) {
    map.set([Field.partialSignature] + key.compressed, to: signature)
  }

  /// What signatures must sign; ALL, or DEFAULT for taproot, where there is none.
  package var sighashType: SighashType? {
    get {
      map[[Field.sighashType]].map {
        SighashType(rawValue: $0.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
      }
    }
    set {
      assign(
        Field.sighashType,
        newValue.map {
          var bytes: [UInt8] = []
          bytes.append(littleEndian: $0.rawValue)
          return bytes
        })
    }
  }

  package var redeemScript: [UInt8]? {
    get { map[[Field.redeemScript]] }
    set { assign(Field.redeemScript, newValue) }
  }

  package var witnessScript: [UInt8]? {
    get { map[[Field.witnessScript]] }
    set { assign(Field.witnessScript, newValue) }
  }

  package var derivations: [PSBTDerivation] { map.derivations(ofType: Field.derivation) }

  package mutating func addDerivation(_ derivation: PSBTDerivation) {
    map.setDerivation(derivation, type: Field.derivation)
  }

  package var finalScriptSig: [UInt8]? {
    get { map[[Field.finalScriptSig]] }
    set { assign(Field.finalScriptSig, newValue) }
  }

  package var finalWitness: [[UInt8]]? {
    get { map[[Field.finalWitness]].flatMap(PSBTInputChecks.witness) }
    set {
      assign(
        Field.finalWitness,
        newValue.map {
          var bytes: [UInt8] = []
          bytes.append(compactSize: $0.count)
          for item in $0 { bytes.append(sized: item) }
          return bytes
        })
    }
  }

  package var isFinal: Bool {
    map[[Field.finalScriptSig]] != nil || map[[Field.finalWitness]] != nil
  }

  /// 64 bytes for DEFAULT, else 65 with the type behind.
  package var taprootSignature: [UInt8]? {
    get { map[[Field.taprootSignature]] }
    set { assign(Field.taprootSignature, newValue) }
  }

  package var taprootDerivations: [PSBTTaprootDerivation] {
    map.taprootDerivations(ofType: Field.taprootDerivation)
  }

  package var taprootInternalKey: XOnlyPublicKey? {
    map[[Field.taprootInternalKey]].flatMap { Hash32($0) }.flatMap { XOnlyPublicKey($0) }
  }

  package var taprootMerkleRoot: Hash32? { map[[Field.taprootMerkleRoot]].flatMap { Hash32($0) } }

  /// Says which internal key a P2TR output has, and where that comes from.
  package mutating func setTaprootInternalKey(_ derivation: PSBTDerivation) {
    map.set([Field.taprootInternalKey], to: derivation.key.xOnly.bytes.bytes)
    map.setTaprootDerivation(derivation, type: Field.taprootDerivation)
  }

  /// What is spent, from the previous transaction where it is known; nil where that is another.
  func spentOutput(at outpoint: Outpoint) -> TransactionOutput? {
    guard let previous = nonWitnessUTXO else { return witnessUTXO }
    let vout = Int(outpoint.vout)
    guard previous.txid == outpoint.txid, previous.outputs.indices.contains(vout) else {
      return nil
    }
    return previous.outputs[vout]
  }

  private mutating func assign(_ type: UInt8, _ value: [UInt8]?) {
    if let value {
      map.set([type], to: value)
    } else {
      map.removeAll { $0.key == [type] }
    }
  }
}

extension TransactionOutput {
  /// From an output's wire form with nothing behind it.
  init?(psbt bytes: [UInt8]) {
    var reader = WireReader(bytes.span.bytes)
    guard let value = try? reader.readUInt64(), value <= TransactionLimits.maximumValue,
      let script = try? [UInt8](copying: reader.readSizedBytes()), reader.remaining == 0
    else { return nil }
    self.init(value: value, scriptPubKey: script)
  }
}
