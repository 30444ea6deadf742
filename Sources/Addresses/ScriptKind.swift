/// What a scriptPubKey is, also where no address stands for it.
package enum ScriptKind: Hashable, Sendable {
  /// An address stands for it.
  case address(OutputScript)
  /// A bare public key and OP_CHECKSIG. Some software shows its P2PKH address, which is another
  /// script.
  case p2pk
  /// Bare multisig: `required` of `keys` signatures.
  case multisig(required: Int, keys: Int)
  /// OP_RETURN and pushes: data, never spendable, never credited.
  case nullData
  case nonstandard

  package init(scriptPubKey: RawSpan) {
    if let output = OutputScript(scriptPubKey: scriptPubKey) {
      self = .address(output)
      return
    }
    let script = scriptPubKey.withUnsafeBytes { Array($0) }
    if Self.isPayToPublicKey(script) {
      self = .p2pk
    } else if let multisig = Self.multisig(script) {
      self = multisig
    } else if script.first == 0x6a, Self.isPushOnly(script.dropFirst()) {
      self = .nullData
    } else {
      self = .nonstandard
    }
  }

  package init(scriptPubKey: [UInt8]) {
    self.init(scriptPubKey: scriptPubKey.span.bytes)
  }

  /// A compressed (33 bytes) or uncompressed (65) key by its length and first byte; whether it lies
  /// on the curve doesn't change what the script is.
  private static func isKey(_ bytes: ArraySlice<UInt8>) -> Bool {
    switch bytes.first {
    case 0x02, 0x03: bytes.count == 33
    case 0x04, 0x06, 0x07: bytes.count == 65
    default: false
    }
  }

  private static func isPayToPublicKey(_ script: [UInt8]) -> Bool {
    guard script.count == 35 || script.count == 67, script.last == 0xac else { return false }
    return Int(script[0]) == script.count - 2 && isKey(script[1..<script.count - 1])
  }

  /// `OP_m {key}… OP_n OP_CHECKMULTISIG` with 1 ≤ m ≤ n ≤ 16.
  private static func multisig(_ script: [UInt8]) -> ScriptKind? {
    guard script.count >= 3, script.last == 0xae,
      let required = smallNumber(script[0]), let keys = smallNumber(script[script.count - 2]),
      required <= keys
    else { return nil }
    var rest = script[1..<script.count - 2]
    var found = 0
    while let length = rest.popFirst() {
      guard rest.count >= Int(length), isKey(rest.prefix(Int(length))) else { return nil }
      rest = rest.dropFirst(Int(length))
      found += 1
    }
    return found == keys ? .multisig(required: required, keys: keys) : nil
  }

  /// OP_1 to OP_16.
  private static func smallNumber(_ opcode: UInt8) -> Int? {
    (0x51...0x60).contains(opcode) ? Int(opcode) - 0x50 : nil
  }

  /// Only opcodes up to OP_16 (0x60), and every push has all its bytes.
  private static func isPushOnly(_ script: ArraySlice<UInt8>) -> Bool {
    var rest = script
    while let opcode = rest.popFirst() {
      guard opcode <= 0x60 else { return false }
      var length = 0
      switch opcode {
      case 0x01...0x4b: length = Int(opcode)
      case 0x4c...0x4e:
        // OP_PUSHDATA1, 2 and 4: the length in that many little-endian bytes.
        let width = 1 << (Int(opcode) - 0x4c)
        guard rest.count >= width else { return false }
        for (position, byte) in rest.prefix(width).enumerated() {
          length |= Int(byte) << (8 * position)
        }
        rest = rest.dropFirst(width)
      default: break
      }
      guard rest.count >= length else { return false }
      rest = rest.dropFirst(length)
    }
    return true
  }
}
