/// 20 bytes, such as a HASH160 or an EVM address, in the order in which the digest gives them.
@frozen
package struct Hash20: Hashable, Sendable {
  /// Bytes 0–7, 8–15 and 16–19, each as it stands in memory.
  @usableFromInline package var words: (UInt64, UInt64, UInt32)

  package static let byteCount = 20

  /// Twenty zero bytes.
  @inlinable
  package init() { words = (0, 0, 0) }

  /// The 20 bytes of `bytes`, or nil where it has another length.
  @inlinable
  package init?(_ bytes: RawSpan) {
    guard bytes.byteCount == 20 else { return nil }
    self.init(bytes: bytes, at: 0)
  }

  /// The 20 bytes of `bytes` from `offset` on. The caller has checked that they lie inside `bytes`:
  /// it is a precondition.
  @inlinable
  package init(bytes: RawSpan, at offset: Int) {
    precondition(offset >= 0 && bytes.byteCount &- offset >= 20, "20 bytes must remain")
    words = (
      bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self),
      bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset &+ 8, as: UInt64.self),
      bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset &+ 16, as: UInt32.self)
    )
  }

  /// Nil where `bytes` isn't 20 bytes long.
  package init?(_ bytes: [UInt8]) {
    self.init(bytes.span.bytes)
  }

  /// From 40 hexadecimal digits.
  package init(hex: some StringProtocol) throws(Hex.DecodingError) {
    let bytes = try Hex.decode(hex)
    guard let hash = Hash20(bytes) else { throw .wrongByteCount(bytes.count, expected: 20) }
    self = hash
  }

  package var bytes: [UInt8] {
    withUnsafeBytes { Array($0) }
  }

  package var hex: String { withUnsafeBytes { Hex.encode($0) } }

  @inlinable
  package func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var copy = words
    // Two UInt64 and a UInt32 stand in 20 contiguous bytes; the pointer lives only inside the call.
    return try Swift.withUnsafeMutableBytes(of: &copy) {
      (buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Result in
      try body(UnsafeRawBufferPointer(rebasing: buffer.prefix(20)))
    }
  }

  @inlinable
  package static func == (a: Hash20, b: Hash20) -> Bool {
    (a.words.0 ^ b.words.0) | (a.words.1 ^ b.words.1) | UInt64(a.words.2 ^ b.words.2) == 0
  }

  @inlinable
  package func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
  }
}

extension Hash20: CustomStringConvertible {
  package var description: String { hex }
}
