/// The scripts that are watched, each with the ordinal of its address. It only grows.
///
/// Exact: a 64-bit keyed hash finds candidates and their bytes decide, so nothing unwatched is ever
/// found. With a random key nobody can craft scripts that collide and make look-ups slow.
///
/// A value: `let snapshot = set` costs nothing, and readers go on with theirs. Writing copies the
/// table and the last records where a copy shares them.
///
/// Memory beside the script's own bytes: 6 bytes a slot at 60 to 75 % occupancy, 1 byte of length,
/// 4 of the ordinal, and up to 3 that align the record. That is 14 to 16 bytes a P2WPKH script.
package struct WatchSet: Sendable {
  /// Bit n: a script of n bytes is watched; bit 63: one of 63 bytes or more.
  @usableFromInline var lengths: UInt64 = 0
  let hasher: ScriptHash
  /// All ones but in tests, which make hashes collide by it.
  private let hashMask: UInt64
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

  /// A watched script among those of a batch.
  package struct Found: Hashable, Sendable {
    /// Its place in the batch.
    package let place: Int
    package let ordinal: UInt64
  }

  /// Those of `scripts`, which are parts of `bytes`, that are watched, in their order.
  ///
  /// Each look-up goes through three places of memory that are far from the processor: a group's
  /// tags, a slot's place, the record there. It asks for the next one and goes on some scripts
  /// later, when that has come near: many look-ups wait at the same time, and hashing meanwhile.
  package func find(_ scripts: Span<Range<UInt32>>, in bytes: RawSpan) -> [Found] {
    var found: [Found] = []
    guard !isEmpty else { return found }
    var waiting = LookUps()
    for place in 0..<scripts.count {
      begin(place, scripts, bytes, &waiting)
      goOn(scripts, bytes, &waiting, &found, leaving: WaitingLine.long)
    }
    while !waiting.isEmpty { goOn(scripts, bytes, &waiting, &found, leaving: 0) }
    if waiting.isReordered { found.sort { $0.place < $1.place } }
    return found
  }

  /// Look-ups by what they wait for, the oldest first.
  private struct LookUps {
    var forTags = WaitingLine()
    var forPlaces = WaitingLine()
    var forRecords = WaitingLine()
    /// Whether some were overtaken.
    var isReordered = false

    var isEmpty: Bool { forTags.count &+ forPlaces.count &+ forRecords.count == 0 }
  }

  @inline(__always)
  private func begin(
    _ place: Int, _ scripts: Span<Range<UInt32>>, _ bytes: RawSpan, _ waiting: inout LookUps
  ) {
    let script = scripts[place]
    precondition(script.upperBound <= bytes.byteCount, "scripts are parts of the bytes")
    let length = Int(script.upperBound &- script.lowerBound)
    let hash = hasher.hash(bytes, from: Int(script.lowerBound), count: length) & hashMask
    let home = table.home(hash)
    table.prefetchTags(of: home)
    waiting.forTags.append(place, hash: hash, at: home, if: watches(length: length))
  }

  /// One step of one look-up from each line that has more than `least`.
  @inline(__always)
  private func goOn(
    _ scripts: Span<Range<UInt32>>, _ bytes: RawSpan, _ waiting: inout LookUps,
    _ found: inout [Found], leaving least: Int
  ) {
    // One leaves the line for each that came in.
    while waiting.forTags.count > least, !takeTags(&waiting) {}
    if waiting.forPlaces.count > least { takePlace(scripts, &waiting) }
    if waiting.forRecords.count > least { takeRecord(scripts, bytes, &waiting, &found) }
  }

  /// False where the look-up has to wait for the next group's tags.
  @inline(__always)
  private func takeTags(_ waiting: inout LookUps) -> Bool {
    let (script, hash, group) = waiting.forTags.removeFirst()
    let candidates = table.candidates(hash, in: group)
    if candidates.bits == 0, candidates.goesOn {
      // Some percent of the groups are full.
      let next = table.group(after: group)
      table.prefetchTags(of: next)
      waiting.forTags.append(script, hash: hash, at: next, if: true)
      waiting.isReordered = true
      return false
    }
    let slot = WatchTable.slot(of: candidates.bits, in: group)
    if candidates.bits != 0 { table.prefetchPlace(in: slot) }
    waiting.forPlaces.append(script, hash: hash, at: slot, if: candidates.bits != 0)
    return true
  }

  @inline(__always)
  private func takePlace(_ scripts: Span<Range<UInt32>>, _ waiting: inout LookUps) {
    let (script, hash, slot) = waiting.forPlaces.removeFirst()
    let place = table.place(in: slot)
    records.prefetch(place, count: scripts[script].count)
    waiting.forRecords.append(script, hash: hash, at: Int(place), if: true)
  }

  @inline(__always)
  private func takeRecord(
    _ scripts: Span<Range<UInt32>>, _ bytes: RawSpan, _ waiting: inout LookUps,
    _ found: inout [Found]
  ) {
    let (place, hash, record) = waiting.forRecords.removeFirst()
    let script = scripts[place]
    let ordinal =
      records.ordinal(
        at: UInt32(truncatingIfNeeded: record), of: bytes, from: Int(script.lowerBound),
        count: script.count)
      // Another script with the same tag: hardly ever.
      ?? find(script, in: bytes, hash: hash)
    if let ordinal { found.append(Found(place: place, ordinal: ordinal)) }
  }

  /// The ordinal of one script, by itself.
  private func find(_ script: Range<UInt32>, in bytes: RawSpan, hash: UInt64) -> UInt64? {
    guard table.groupCount > 0 else { return nil }
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
