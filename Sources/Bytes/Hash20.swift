/// 20 bytes, such as a HASH160 or an EVM address, in the order in which the digest gives them.
package struct Hash20: Hashable, Sendable {
  /// Always 20 bytes.
  package let bytes: [UInt8]

  package static let byteCount = 20

  /// Nil where `bytes` isn't 20 bytes long.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    self.bytes = bytes
  }

  package init?(_ bytes: RawSpan) {
    guard bytes.byteCount == Self.byteCount else { return nil }
    self.bytes = Array(copying: bytes)
  }

  package init(hex: some StringProtocol) throws(Hex.DecodingError) {
    let bytes = try Hex.decode(hex)
    guard let hash = Hash20(bytes) else { throw .wrongByteCount(bytes.count, expected: 20) }
    self = hash
  }

  package var hex: String { Hex.encode(bytes) }
}

extension Hash20: CustomStringConvertible {
  package var description: String { hex }
}
