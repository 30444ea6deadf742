package import Addresses
package import Bytes
internal import Digests

/// A filter of 2048 bits over the addresses and topics of logs (yellow paper, section 4.3.1).
///
/// It may say that something is there which isn't, never the reverse. A miss proves absence only
/// where the header that holds the filter is verified.
package struct LogBloom: Sendable {
  /// Words in the order of the bytes, each as it stands in memory.
  private var words: InlineArray<32, UInt64>

  package static let byteCount = 256

  /// Nothing in it.
  package init() { words = InlineArray(repeating: 0) }

  /// From the 256 bytes that begin at `offset`.
  ///
  /// The caller has checked that they lie inside `bytes`.
  init(bytes: RawSpan, at offset: Int) {
    precondition(offset >= 0 && bytes.byteCount - offset >= 256, "256 bytes must remain")
    words = InlineArray { index in
      bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset + 8 * index, as: UInt64.self)
    }
  }

  /// Nil where `bytes` aren't 256.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    self.init(bytes: bytes.span.bytes, at: 0)
  }

  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount)
    for index in words.indices {
      withUnsafeBytes(of: words[index]) { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  /// Addresses and topics that are hashed together.
  struct Items {
    fileprivate private(set) var bytes: [UInt8] = []
    fileprivate private(set) var parts: [Range<Int>] = []

    mutating func append(_ address: EthereumAddress) {
      bytes.append(address.hash)
      parts.append(bytes.count - Hash20.byteCount..<bytes.count)
    }

    mutating func append(_ topic: Hash32) {
      bytes.append(topic)
      parts.append(bytes.count - Hash32.byteCount..<bytes.count)
    }
  }

  /// With all of them in it.
  init(of items: Items) {
    self.init()
    for digest in Keccak256.hashes(of: items.parts, in: items.bytes) { insert(digest: digest) }
  }

  /// Adds an address or a topic.
  mutating func insert(_ item: RawSpan) { insert(digest: Keccak256.hash(item)) }

  private mutating func insert(digest: Hash32) {
    digest.withUnsafeBytes { bytes in
      for pair in 0..<3 {
        let bit = Self.bit(bytes, pair)
        words[bit.word] |= bit.mask
      }
    }
  }

  package mutating func insert(_ address: EthereumAddress) {
    let bytes = address.hash.bytes
    insert(bytes.span.bytes)
  }

  package mutating func insert(_ topic: Hash32) {
    let bytes = topic.bytes
    insert(bytes.span.bytes)
  }

  package mutating func insert(_ log: EthereumLog) {
    insert(log.address)
    for topic in log.topics { insert(topic) }
  }

  /// Everything in `other` too.
  package mutating func formUnion(_ other: LogBloom) {
    for index in words.indices { words[index] |= other.words[index] }
  }

  /// False where the address was certainly never added.
  package func mayContain(_ address: EthereumAddress) -> Bool {
    mayContain(digest: Keccak256.hash(address.hash.bytes))
  }

  /// False where the topic was certainly never added.
  package func mayContain(_ topic: Hash32) -> Bool {
    mayContain(digest: Keccak256.hash(topic.bytes))
  }

  private func mayContain(digest: Hash32) -> Bool {
    digest.withUnsafeBytes { bytes in
      (0..<3).allSatisfy { pair in
        let bit = Self.bit(bytes, pair)
        return words[bit.word] & bit.mask != 0
      }
    }
  }

  /// One of three: the low 11 bits of each of the digest's first three pairs of bytes, counted from
  /// the filter's last byte on.
  @inline(__always)
  private static func bit(
    _ digest: UnsafeRawBufferPointer, _ pair: Int
  ) -> (word: Int, mask: UInt64) {
    let bit = (Int(digest[2 * pair]) << 8 | Int(digest[2 * pair + 1])) & 0x7ff
    let byte = 255 - bit / 8
    // The bit's place in the word as it stands in memory.
    let mask = UInt64(littleEndian: UInt64(1) << UInt64(8 * (byte % 8) + bit % 8))
    return (byte / 8, mask)
  }
}

extension LogBloom: Hashable {
  package static func == (a: LogBloom, b: LogBloom) -> Bool {
    a.words.indices.allSatisfy { a.words[$0] == b.words[$0] }
  }

  package func hash(into hasher: inout Hasher) {
    for index in words.indices { hasher.combine(words[index]) }
  }
}
