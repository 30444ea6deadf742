internal import Bytes

/// Bitcoin's variable-length count: 1, 3, 5 or 9 bytes.
package enum CompactSize {
  /// How many bytes `value` takes in its shortest form.
  package static func byteCount(_ value: Int) -> Int {
    switch value {
    case ..<0xfd: 1
    case ..<0x1_0000: 3
    case ..<0x1_0000_0000: 5
    default: 9
    }
  }
}

extension [UInt8] {
  /// A count in its shortest form; not negative.
  package mutating func append(compactSize count: Int) {
    precondition(count >= 0, "a count is not negative")
    switch count {
    case ..<0xfd:
      append(UInt8(count))
    case ..<0x1_0000:
      append(0xfd)
      append(littleEndian: UInt16(count))
    case ..<0x1_0000_0000:
      append(0xfe)
      append(littleEndian: UInt32(count))
    default:
      append(0xff)
      append(littleEndian: UInt64(count))
    }
  }

  /// A count and the bytes it counts.
  package mutating func append(sized bytes: [UInt8]) {
    append(compactSize: bytes.count)
    append(contentsOf: bytes)
  }
}
