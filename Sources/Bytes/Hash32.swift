/// 32 bytes, such as a SHA-256d or Keccak-256 digest, in the order in which the digest gives them
/// ("internal" order in Bitcoin; the only order on EVM chains).
///
/// Bitcoin shows block hashes and txids with their bytes reversed ("display" order):
/// `displayHex` and `init(displayHex:)` are for those.
@frozen
package struct Hash32: Hashable, Sendable {
  /// Bytes 0–7, 8–15, 16–23 and 24–31, each as it stands in memory.
  @usableFromInline package var words: (UInt64, UInt64, UInt64, UInt64)

  package static let byteCount = 32
  package static let zero = Hash32()

  @inlinable
  package init() { words = (0, 0, 0, 0) }

  /// The 32 bytes of `bytes`, or nil where it has another length.
  @inlinable
  package init?(_ bytes: RawSpan) {
    guard bytes.byteCount == 32 else { return nil }
    self.init(bytes: bytes, at: 0)
  }

  /// The 32 bytes of `bytes` from `offset` on. The caller has checked that they lie inside `bytes`:
  /// it is a precondition.
  @inlinable
  package init(bytes: RawSpan, at offset: Int) {
    precondition(offset >= 0 && bytes.byteCount &- offset >= 32, "32 bytes must remain")
    words = (
      bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self),
      bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset &+ 8, as: UInt64.self),
      bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset &+ 16, as: UInt64.self),
      bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset &+ 24, as: UInt64.self)
    )
  }

  package init?(_ bytes: [UInt8]) {
    self.init(bytes.span.bytes)
  }

  /// From 64 hexadecimal digits in internal order.
  package init(hex: some StringProtocol) throws(Hex.DecodingError) {
    let bytes = try Hex.decode(hex)
    guard let hash = Hash32(bytes) else { throw .wrongByteCount(bytes.count, expected: 32) }
    self = hash
  }

  /// From 64 hexadecimal digits in Bitcoin's display order, the reverse of the internal one.
  package init(displayHex: some StringProtocol) throws(Hex.DecodingError) {
    self = try Hash32(hex: displayHex).reversed
  }

  /// The same bytes, last first.
  package var reversed: Hash32 {
    var result = Hash32()
    result.words = (
      words.3.byteSwapped, words.2.byteSwapped, words.1.byteSwapped, words.0.byteSwapped
    )
    return result
  }

  package var bytes: [UInt8] {
    withUnsafeBytes { Array($0) }
  }

  package var hex: String { Hex.encode(bytes) }

  /// Bitcoin's way of showing the hash: bytes reversed.
  package var displayHex: String { reversed.hex }

  /// The hash read as a little-endian number, as proof of work compares it.
  package var littleEndianNumber: UInt256 {
    UInt256(
      limbs: (
        UInt64(littleEndian: words.0), UInt64(littleEndian: words.1),
        UInt64(littleEndian: words.2), UInt64(littleEndian: words.3)
      ))
  }

  @inlinable
  package func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var copy = words
    // The tuple of four UInt64 is 32 contiguous bytes; the pointer lives only inside the call.
    return try Swift.withUnsafeMutableBytes(of: &copy) {
      (buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Result in
      try body(UnsafeRawBufferPointer(buffer))
    }
  }

  @inlinable
  package static func == (a: Hash32, b: Hash32) -> Bool {
    (a.words.0 ^ b.words.0) | (a.words.1 ^ b.words.1) | (a.words.2 ^ b.words.2)
      | (a.words.3 ^ b.words.3) == 0
  }

  @inlinable
  package func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
  }
}

extension Hash32: Comparable {
  /// Byte by byte in internal order.
  package static func < (a: Hash32, b: Hash32) -> Bool {
    if a.words.0 != b.words.0 { return a.words.0.bigEndian < b.words.0.bigEndian }
    if a.words.1 != b.words.1 { return a.words.1.bigEndian < b.words.1.bigEndian }
    if a.words.2 != b.words.2 { return a.words.2.bigEndian < b.words.2.bigEndian }
    return a.words.3.bigEndian < b.words.3.bigEndian
  }
}

extension Hash32: CustomStringConvertible {
  package var description: String { hex }
}
