/// The scripts that are watched, each with the ordinal of its address. It only grows.
///
/// Exact: a 64-bit keyed hash finds candidates and their bytes decide, so nothing unwatched is ever
/// found. With a random key nobody can craft scripts that collide and make look-ups slow.
///
/// A value: `let snapshot = set` costs nothing, and readers go on with theirs. Writing copies the
/// table and the last records where a copy shares them.
///
/// Memory beside the script's own bytes: 6.75 bytes a slot at 60 to 75 % occupancy, 1 byte of
/// length, 4 of the ordinal, and up to 3 that align the record. That is 15 to 17.3 bytes a P2WPKH
/// script.
package struct WatchSet: Sendable {
  /// Bit n: a script of n bytes is watched; bit 63: one of 63 bytes or more.
  @usableFromInline var lengths: UInt64 = 0
  let hasher: ScriptHash
  /// All ones but in tests, which make hashes collide by it.
  let hashMask: UInt64
  var table = WatchTable()
  var records = ScriptRecords()

  /// `key` must be random and secret: whoever knows it can make look-ups slow.
  package init(key: (UInt64, UInt64)) {
    self.init(key: key, hashMask: .max)
  }

  init(key: (UInt64, UInt64), hashMask: UInt64) {
    hasher = ScriptHash(key: SipHash.Key(k0: key.0, k1: key.1))
    self.hashMask = hashMask
  }

  /// How many scripts are watched.
  package var count: Int { table.count }

  package var isEmpty: Bool { count == 0 }

  /// What its tables and scripts take, without the allocator's own share.
  package var residentBytes: Int {
    table.residentBytes + records.residentBytes
  }

  // MARK: Look-ups

  /// The ordinal of the script, where it is watched. No allocation.
  @inlinable
  package func ordinal(of script: RawSpan) -> UInt64? {
    // Most scripts of a block have a length that is watched; OP_RETURN and bare multisig haven't.
    guard watches(length: script.byteCount) else { return nil }
    return find(script)
  }

  @inlinable
  package func contains(_ script: RawSpan) -> Bool { ordinal(of: script) != nil }

  @usableFromInline
  @inline(__always)
  func watches(length: Int) -> Bool { lengths & Self.lengthBit(length) != 0 }

  @usableFromInline
  func find(_ script: RawSpan) -> UInt64? {
    let range = Range(uncheckedBounds: (UInt32(0), UInt32(script.byteCount)))
    return find(range, in: script, hash: hash(script))
  }

  /// The ordinal of one script, by itself.
  func find(_ script: Range<UInt32>, in bytes: RawSpan, hash: UInt64) -> UInt64? {
    guard table.groupCount > 0, table.mayHold(hash) else { return nil }
    var group = table.home(hash)
    // Ends: at least a quarter of the slots is empty (see `insert`).
    while true {
      var candidates = table.candidates(hash, in: group)
      while let slot = candidates.next() {
        let place = table.place(in: group &* WatchTable.slotsPerGroup &+ slot)
        let ordinal = records.ordinal(
          at: place, of: bytes, from: Int(script.lowerBound), count: script.count)
        if let ordinal { return ordinal }
      }
      guard candidates.goesOn else { return nil }
      group = table.group(after: group)
    }
  }

  // MARK: Insertions

  /// Watches `script`. False, and nothing is changed, where it is watched already.
  @discardableResult
  package mutating func insert(script: RawSpan, ordinal: UInt64) -> Bool {
    precondition(script.byteCount <= Int(UInt32.max), "scripts are shorter than 4 GiB")
    guard self.ordinal(of: script) == nil else { return false }
    if table.isCrowded { grow(to: table.groupCount + table.groupCount / 4 + 1) }
    table.insert(records.append(script, ordinal: ordinal), hash: hash(script))
    lengths |= Self.lengthBit(script.byteCount)
    return true
  }

  @discardableResult
  package mutating func insert(script: [UInt8], ordinal: UInt64) -> Bool {
    insert(script: script.span.bytes, ordinal: ordinal)
  }

  /// The table anew, of so many groups.
  private mutating func grow(to groups: Int) {
    // The old one goes first, unless a copy needs it: only one is in memory.
    table = WatchTable()
    var larger = WatchTable.Filling(groups: groups)
    records.forEach { place, script in larger.insert(place, hash: hash(script)) }
    table = larger.finish()
  }

  // MARK: Hashes

  @usableFromInline
  static func lengthBit(_ byteCount: Int) -> UInt64 { 1 &<< UInt64(min(byteCount, 63)) }

  private func hash(_ script: RawSpan) -> UInt64 { hasher.hash(script) & hashMask }
}
