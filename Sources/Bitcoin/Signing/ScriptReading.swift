internal import Bytes

/// The little of Bitcoin's script that signing and checking standard spends needs.
package enum ScriptReading {
  /// How many bytes the first instruction takes, its push included; nil where bytes are missing.
  static func instructionLength(_ script: ArraySlice<UInt8>) -> Int? {
    guard let opcode = script.first else { return nil }
    var length = 1
    switch opcode {
    case 0x01...0x4b: length += Int(opcode)
    case 0x4c...0x4e:
      // OP_PUSHDATA1, 2 and 4: the length in that many little-endian bytes.
      let width = 1 << (Int(opcode) - 0x4c)
      let digits = script.dropFirst().prefix(width)
      guard digits.count == width else { return nil }
      length += width + digits.reversed().reduce(0) { $0 << 8 | Int($1) }
    default: break
    }
    return script.count >= length ? length : nil
  }

  /// The data that a script of pushes leaves, bottom first; nil where it has other opcodes than
  /// OP_0 and pushes, or a push that has a shorter form (BIP-0062, rule 3).
  static func pushes(_ script: [UInt8]) -> [[UInt8]]? {
    var items: [[UInt8]] = []
    var rest = script[...]
    while let opcode = rest.first {
      guard opcode <= 0x4e, let length = instructionLength(rest) else { return nil }
      let width = opcode < 0x4c ? 0 : 1 << (Int(opcode) - 0x4c)
      let data = Array(rest.prefix(length).dropFirst(1 + width))
      guard push(data) == Array(rest.prefix(length)) else { return nil }
      items.append(data)
      rest = rest.dropFirst(length)
    }
    return items
  }

  /// The shortest instruction that pushes `data`, which isn't a small number and has fewer than
  /// 65,536 bytes (the longest that a script takes is 520).
  static func push(_ data: [UInt8]) -> [UInt8] {
    switch data.count {
    case 0: return [0x00]
    case 1...0x4b: return [UInt8(data.count)] + data
    case ...0xff: return [0x4c, UInt8(data.count)] + data
    default:
      var script: [UInt8] = [0x4d]
      script.append(littleEndian: UInt16(truncatingIfNeeded: data.count))
      return script + data
    }
  }
}

/// `OP_m {key}… OP_n OP_CHECKMULTISIG`, with compressed keys only and 1 ≤ m ≤ n ≤ 16.
struct MultisigScript: Hashable, Sendable {
  let required: Int
  /// 33 bytes each.
  let keys: [[UInt8]]

  init?(_ script: [UInt8]) {
    guard script.count >= 37, script.last == 0xae, (script.count - 3) % 34 == 0 else { return nil }
    let count = (script.count - 3) / 34
    required = Int(script[0]) - 0x50
    guard count <= 16, script[script.count - 2] == UInt8(0x50 + count),
      (1...count).contains(required)
    else { return nil }
    var keys: [[UInt8]] = []
    for index in 0..<count {
      let start = 1 + 34 * index
      guard script[start] == 33 else { return nil }
      keys.append(Array(script[start + 1..<start + 34]))
    }
    self.keys = keys
  }
}
