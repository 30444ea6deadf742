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
  /// Looks at all before it follows any: what one look-up waits for, memory far from the processor,
  /// many then wait for together.
  package func find(_ scripts: Span<Range<UInt32>>, in bytes: RawSpan) -> [Found] {
    var found: [Found] = []
    guard !isEmpty else { return found }
    var start = 0
    while start < scripts.count {
      let end = min(start &+ Batch.size, scripts.count)
      find(scripts, start..<end, in: bytes, &found)
      start = end
    }
    return found
  }

  /// What is known of a batch's scripts between its steps.
  private struct Batch {
    static let size = 64

    /// Of the scripts whose length is watched: their places, hashes and home groups.
    var scripts = InlineArray<64, Int>(repeating: 0)
    var hashes = InlineArray<64, UInt64>(repeating: 0)
    var groups = InlineArray<64, Int>(repeating: 0)
    var count = 0
    /// Which of those may be watched, with the first slot whose tag fits, or none.
    var candidates = InlineArray<64, Int>(repeating: 0)
    var slots = InlineArray<64, Int>(repeating: 0)
    var candidateCount = 0
  }

  private func find(
    _ scripts: Span<Range<UInt32>>, _ part: Range<Int>, in bytes: RawSpan, _ found: inout [Found]
  ) {
    // `part` has at most as many as each array holds, and every count stays below that.
    var batch = Batch()
    for place in part {
      let script = scripts[place]
      precondition(script.upperBound <= bytes.byteCount, "scripts are parts of the bytes")
      let length = Int(script.upperBound &- script.lowerBound)
      let hash = hasher.hash(bytes, from: Int(script.lowerBound), count: length) & hashMask
      batch.scripts[unchecked: batch.count] = place
      batch.hashes[unchecked: batch.count] = hash
      batch.groups[unchecked: batch.count] = table.home(hash)
      batch.count &+= watches(length: length) ? 1 : 0
    }
    for index in 0..<batch.count { table.prefetchTags(of: batch.groups[unchecked: index]) }
    for index in 0..<batch.count {
      let group = batch.groups[unchecked: index]
      let candidates = table.candidates(batch.hashes[unchecked: index], in: group)
      batch.candidates[unchecked: batch.candidateCount] = index
      batch.slots[unchecked: batch.candidateCount] = WatchTable.slot(of: candidates.bits, in: group)
      batch.candidateCount &+= candidates.bits != 0 || candidates.goesOn ? 1 : 0
    }
    for index in 0..<batch.candidateCount {
      table.prefetchPlace(in: batch.slots[unchecked: index])
    }
    for index in 0..<batch.candidateCount {
      let script = scripts[batch.scripts[unchecked: batch.candidates[unchecked: index]]]
      records.prefetch(table.place(in: batch.slots[unchecked: index]), count: script.count)
    }
    for index in 0..<batch.candidateCount {
      let candidate = batch.candidates[unchecked: index]
      let place = batch.scripts[unchecked: candidate]
      let script = scripts[place]
      var ordinal = records.ordinal(
        at: table.place(in: batch.slots[unchecked: index]), of: bytes,
        from: Int(script.lowerBound), count: script.count)
      // Another script with the same tag, or a full group: hardly ever.
      ordinal = ordinal ?? find(script, in: bytes, hash: batch.hashes[unchecked: candidate])
      if let ordinal { found.append(Found(place: place, ordinal: ordinal)) }
    }
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
