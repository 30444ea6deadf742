/// The scripts that are watched, each with the ordinal of its address. It only grows.
///
/// Exact: a 64-bit keyed hash finds candidates and their bytes decide, so nothing unwatched is ever
/// found. With a random key nobody can craft scripts that collide and make look-ups slow.
///
/// A value. Its scripts are spread by hash over shards, and writing copies only the shards it
/// touches, and those only while a copy shares them: `let snapshot = set` costs nothing, readers go
/// on with theirs, and a table that grows holds up one shard's insertion, never a reader.
///
/// Memory: 6 bytes a slot at 60 to 75 % occupancy, 1 byte of length, the ordinal as LEB128 (4 bytes
/// below 2^28) and up to 6 % of slack beside the script's own bytes: 14.7 bytes a script at 10
/// million P2WPKH scripts.
package struct WatchSet: Sendable {
  /// How many scripts are watched.
  package private(set) var count = 0

  /// Bit n: a script of n bytes is watched; bit 63: one of 63 bytes or more.
  @usableFromInline private(set) var lengths: UInt64 = 0
  private let key: SipHash.Key
  /// All ones but in tests, which make hashes collide by it.
  private let hashMask: UInt64
  /// As many as a power of two, chosen by the hash's lowest bits.
  private var shards: [WatchShard]

  /// `key` must be random and secret: whoever knows it can make look-ups slow.
  package init(key: (UInt64, UInt64)) {
    self.init(key: key, shardBits: 11, hashMask: .max)
  }

  init(key: (UInt64, UInt64), shardBits: Int, hashMask: UInt64) {
    precondition((0...16).contains(shardBits), "shards are chosen by the hash's low 16 bits")
    self.key = SipHash.Key(k0: key.0, k1: key.1)
    self.hashMask = hashMask
    shards = [WatchShard](repeating: WatchShard(), count: 1 << shardBits)
  }

  package var isEmpty: Bool { count == 0 }

  /// The ordinal of the script, where it is watched. No allocation.
  @inlinable
  package func ordinal(of script: RawSpan) -> UInt64? {
    // Most scripts of a block have a length that is watched; OP_RETURN and bare multisig haven't.
    guard lengths & Self.lengthBit(script.byteCount) != 0 else { return nil }
    return find(script)
  }

  @inlinable
  package func contains(_ script: RawSpan) -> Bool { ordinal(of: script) != nil }

  /// Watches `script`. False, and nothing is changed, where it is watched already.
  @discardableResult
  package mutating func insert(script: RawSpan, ordinal: UInt64) -> Bool {
    let hash = hash(script)
    let shard = shardIndex(hash)
    guard shards[shard].ordinal(of: script, hash: hash) == nil else { return false }
    let (key, hashMask) = (key, hashMask)
    shards[shard].insert(script, ordinal: ordinal, hash: hash) {
      SipHash.hash($0, key: key) & hashMask
    }
    lengths |= Self.lengthBit(script.byteCount)
    count += 1
    return true
  }

  @discardableResult
  package mutating func insert(script: [UInt8], ordinal: UInt64) -> Bool {
    insert(script: script.span.bytes, ordinal: ordinal)
  }

  /// What its tables and scripts take, without the allocator's own share. Visits every shard.
  package var residentBytes: Int {
    shards.reduce(shards.capacity * MemoryLayout<WatchShard>.stride) { $0 + $1.residentBytes }
  }

  @usableFromInline
  func find(_ script: RawSpan) -> UInt64? {
    let hash = hash(script)
    // Through a span the shard is borrowed where it lies; by the array's subscript each look-up
    // would retain and release its three arrays. The index lies below the count (`shardIndex`).
    return shards.span[unchecked: shardIndex(hash)].ordinal(of: script, hash: hash)
  }

  @usableFromInline
  static func lengthBit(_ byteCount: Int) -> UInt64 { 1 &<< UInt64(min(byteCount, 63)) }

  private func hash(_ script: RawSpan) -> UInt64 { SipHash.hash(script, key: key) & hashMask }

  /// Below the number of shards, which is a power of two.
  private func shardIndex(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: hash) & (shards.count &- 1)
  }
}
