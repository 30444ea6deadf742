package import Bytes
internal import COpenSSL

/// SHA-256 (FIPS 180-4), by OpenSSL's low-level calls, which use the processor's SHA extensions
/// and cost no allocation.
package struct SHA256 {
  private var context: SHA256_CTX

  package init() { self = Self.fresh }

  /// Nothing taken in yet.
  private static let fresh = SHA256(
    context: {
      var context = SHA256_CTX()
      SHA256_Init(&context)
      return context
    }())

  private init(context: SHA256_CTX) { self.context = context }

  package mutating func update(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { _ = SHA256_Update(&context, $0.baseAddress, $0.count) }
  }

  package mutating func update(_ hash: Hash32) {
    hash.withUnsafeBytes { _ = SHA256_Update(&context, $0.baseAddress, $0.count) }
  }

  /// The digest of all that was given. The hasher must not be used afterwards.
  package mutating func finalize() -> Hash32 {
    // The context holds what didn't fill a block, fewer than 64 bytes: padded by hand, which spares
    // the call that would also write the digest byte by byte and wipe what is no secret here.
    let used = Int(context.num)
    let bits = UInt64(context.Nh) << 32 | UInt64(context.Nl)
    var block = context.data
    context.num = 0
    withUnsafeMutableBytes(of: &block) { block in
      // 64 bytes, of which fewer are used.
      block[used] = 0x80
      var rest = used + 1
      if rest > 56 {
        block[rest...].initializeMemory(as: UInt8.self, repeating: 0)
        transform(UnsafeRawBufferPointer(block))
        rest = 0
      }
      block[rest..<56].initializeMemory(as: UInt8.self, repeating: 0)
      block.storeBytes(of: bits.bigEndian, toByteOffset: 56, as: UInt64.self)
      transform(UnsafeRawBufferPointer(block))
    }
    return digest
  }

  /// The state as it stands, which is the digest once everything was padded.
  @inline(__always)
  private var digest: Hash32 {
    let h = context.h
    var digest = Hash32()
    digest.words = (
      Self.word(h.0, h.1), Self.word(h.2, h.3), Self.word(h.4, h.5), Self.word(h.6, h.7)
    )
    return digest
  }

  /// Two of the state's words as eight bytes in memory, the highest of each first.
  @inline(__always)
  private static func word(_ first: UInt32, _ second: UInt32) -> UInt64 {
    UInt64(bigEndian: UInt64(first) << 32 | UInt64(second))
  }

  /// Of exactly 32 bytes.
  fileprivate static func hash(_ hash: Hash32) -> Hash32 {
    var hasher = SHA256()
    // Hash and padding, 64 bytes: the end marker and, at the end, the length of 256 bits.
    let block: InlineArray<8, UInt64> = [
      hash.words.0, hash.words.1, hash.words.2, hash.words.3, UInt64(littleEndian: 0x80), 0, 0,
      UInt64(bigEndian: 256),
    ]
    withUnsafeBytes(of: block) { hasher.transform($0) }
    return hasher.digest
  }

  /// Of exactly 64 bytes: the two one after the other.
  fileprivate static func hash(_ left: Hash32, _ right: Hash32) -> Hash32 {
    var hasher = SHA256()
    let blocks: InlineArray<16, UInt64> = [
      left.words.0, left.words.1, left.words.2, left.words.3,
      right.words.0, right.words.1, right.words.2, right.words.3,
      UInt64(littleEndian: 0x80), 0, 0, 0, 0, 0, 0, UInt64(bigEndian: 512),
    ]
    withUnsafeBytes(of: blocks) { hasher.transform($0) }
    return hasher.digest
  }

  /// Takes in whole blocks of 64 bytes; nothing may wait in the context.
  private mutating func transform(_ blocks: UnsafeRawBufferPointer) {
    SHA256_Update(&context, blocks.baseAddress, blocks.count)
  }

  package static func hash(_ bytes: RawSpan) -> Hash32 {
    hash(bytes, RawSpan(), RawSpan())
  }

  /// Of three parts one after the other. Where they are short, as most transactions are, they are
  /// laid out with the padding behind them and taken in by one call.
  fileprivate static func hash(_ first: RawSpan, _ second: RawSpan, _ third: RawSpan) -> Hash32 {
    let count = first.byteCount + second.byteCount + third.byteCount
    // With the end marker and the length.
    guard count + 9 <= 1_024 else {
      var hasher = SHA256()
      hasher.update(first)
      hasher.update(second)
      hasher.update(third)
      return hasher.finalize()
    }
    return withUnsafeTemporaryAllocation(byteCount: 1_024, alignment: 16) { room in
      // All of it fits, as was checked; a block ends behind the length.
      let paddedCount = (count &+ 9 &+ 63) & ~63
      first.withUnsafeBytes { room.copyMemory(from: $0) }
      if count > first.byteCount {
        put(second, into: room, at: first.byteCount)
        put(third, into: room, at: first.byteCount &+ second.byteCount)
      }
      UnsafeMutableRawBufferPointer(rebasing: room[count..<paddedCount])
        .initializeMemory(as: UInt8.self, repeating: 0)
      room[count] = 0x80
      room.storeBytes(
        of: UInt64(count &* 8).bigEndian, toByteOffset: paddedCount &- 8, as: UInt64.self)
      var hasher = SHA256()
      SHA256_Update(&hasher.context, room.baseAddress, paddedCount)
      return hasher.digest
    }
  }

  @inline(__always)
  private static func put(
    _ part: RawSpan, into room: UnsafeMutableRawBufferPointer, at offset: Int
  ) {
    part.withUnsafeBytes {
      UnsafeMutableRawBufferPointer(rebasing: room[offset...]).copyMemory(from: $0)
    }
  }

  package static func hash(_ bytes: [UInt8]) -> Hash32 { hash(bytes.span.bytes) }
}

/// SHA-256 of the SHA-256: Bitcoin's hash for blocks, transactions, merkle nodes and Base58Check.
package enum SHA256d {
  package static func hash(_ bytes: RawSpan) -> Hash32 { SHA256.hash(SHA256.hash(bytes)) }

  package static func hash(_ bytes: [UInt8]) -> Hash32 { hash(bytes.span.bytes) }

  /// Of three parts one after the other.
  package static func hash(_ first: RawSpan, _ second: RawSpan, _ third: RawSpan) -> Hash32 {
    SHA256.hash(SHA256.hash(first, second, third))
  }

  /// The parent of two merkle nodes: the hash of their 64 bytes.
  package static func hash(_ left: Hash32, _ right: Hash32) -> Hash32 {
    SHA256.hash(SHA256.hash(left, right))
  }
}
