extension [UInt8] {
  /// A copy of borrowed bytes.
  package init(copying bytes: RawSpan) {
    self = bytes.withUnsafeBytes { Array($0) }
  }

  package mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  package mutating func append(bigEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }

  /// The hash's bytes in internal order.
  package mutating func append(_ hash: Hash32) {
    hash.withUnsafeBytes { append(contentsOf: $0) }
  }

  package mutating func append(_ hash: Hash20) {
    hash.withUnsafeBytes { append(contentsOf: $0) }
  }
}
