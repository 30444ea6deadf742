internal import ChainTypes

/// Look-ups of many scripts.
///
/// Each goes through up to four places of memory that may be far from the processor: the table's
/// filter, where nearly all that isn't watched ends, a group's tags, a slot's place, the record
/// there. It asks for the next one and goes on some scripts later, when that has come near: many
/// look-ups wait at the same time, while others are hashed and whoever looks up does other work.
extension WatchSet: ScriptSet {
  /// A watched script among those of a batch.
  package struct Found: Hashable, Sendable {
    /// Its place in the batch.
    package let place: Int
    package let ordinal: UInt64
  }

  /// Look-ups by what they wait for, the oldest first, and what has been found.
  package struct LookUps: Sendable {
    fileprivate var forFilter = WaitingLine()
    fileprivate var forTags = WaitingLine()
    fileprivate var forPlaces = WaitingLine()
    fileprivate var forRecords = WaitingLine()
    fileprivate var found: [Found] = []
    /// Whether some were overtaken.
    fileprivate var isReordered = false

    fileprivate init() {}
  }

  package func beginLookUps() -> LookUps { LookUps() }

  /// Those of `scripts`, which are parts of `bytes`, that are watched, in their order.
  package func find(_ scripts: Span<Range<UInt32>>, in bytes: RawSpan) -> [Found] {
    var lookUps = LookUps()
    lookUp(scripts, from: 0, in: bytes, &lookUps)
    return found(scripts, in: bytes, &lookUps)
  }

  /// Begins to look up those of `scripts` that stand from `first` on, and goes on with others that
  /// were begun with this set. The scripts before are those of the call before.
  package func lookUp(
    _ scripts: Span<Range<UInt32>>, from first: Int, in bytes: RawSpan, _ lookUps: inout LookUps
  ) {
    guard !isEmpty else { return }
    for place in first..<scripts.count {
      begin(place, scripts, bytes, &lookUps)
      if lookUps.forFilter.count > WaitingLine.long, takeFilter(&lookUps) {
        goOn(scripts, bytes, &lookUps, leaving: WaitingLine.long)
      }
    }
  }

  package func places(
    _ scripts: Span<Range<UInt32>>, in bytes: RawSpan, _ lookUps: inout LookUps
  ) -> [Int] { found(scripts, in: bytes, &lookUps).map(\.place) }

  /// What was found in all of `scripts`, in their order. Ends the look-ups.
  func found(
    _ scripts: Span<Range<UInt32>>, in bytes: RawSpan, _ lookUps: inout LookUps
  ) -> [Found] {
    while lookUps.forFilter.count > 0 {
      if takeFilter(&lookUps) { goOn(scripts, bytes, &lookUps, leaving: WaitingLine.long) }
    }
    while lookUps.forTags.count &+ lookUps.forPlaces.count &+ lookUps.forRecords.count > 0 {
      goOn(scripts, bytes, &lookUps, leaving: 0)
    }
    if lookUps.isReordered { lookUps.found.sort { $0.place < $1.place } }
    return lookUps.found
  }

  // MARK: Steps

  @inline(__always)
  private func begin(
    _ place: Int, _ scripts: Span<Range<UInt32>>, _ bytes: RawSpan, _ lookUps: inout LookUps
  ) {
    let script = scripts[place]
    precondition(script.upperBound <= bytes.byteCount, "scripts are parts of the bytes")
    let length = Int(script.upperBound &- script.lowerBound)
    let isWanted = watches(length: length)
    // Most are hashed fast, wanted or not: a branch that can't be foreseen would cost more.
    guard isWanted || ScriptHash.isFast(count: length) else { return }
    let hash = hasher.hash(bytes, from: Int(script.lowerBound), count: length) & hashMask
    table.prefetchFilter(hash)
    lookUps.forFilter.append(place, hash: hash, at: 0, if: isWanted)
  }

  /// Whether the oldest one goes on to the tags.
  @inline(__always)
  private func takeFilter(_ lookUps: inout LookUps) -> Bool {
    let (script, hash, _) = lookUps.forFilter.removeFirst()
    guard table.mayHold(hash) else { return false }
    let home = table.home(hash)
    table.prefetchTags(of: home)
    lookUps.forTags.append(script, hash: hash, at: home, if: true)
    return true
  }

  /// One step of one look-up from each line behind the filter's that has more than `least`.
  @inline(__always)
  private func goOn(
    _ scripts: Span<Range<UInt32>>, _ bytes: RawSpan, _ lookUps: inout LookUps, leaving least: Int
  ) {
    // One leaves the line for each that came in.
    while lookUps.forTags.count > least, !takeTags(&lookUps) {}
    if lookUps.forPlaces.count > least { takePlace(scripts, &lookUps) }
    if lookUps.forRecords.count > least { takeRecord(scripts, bytes, &lookUps) }
  }

  /// False where the look-up has to wait for the next group's tags.
  @inline(__always)
  private func takeTags(_ lookUps: inout LookUps) -> Bool {
    let (script, hash, group) = lookUps.forTags.removeFirst()
    let candidates = table.candidates(hash, in: group)
    if candidates.bits == 0, candidates.goesOn {
      // Some percent of the groups are full.
      let next = table.group(after: group)
      table.prefetchTags(of: next)
      lookUps.forTags.append(script, hash: hash, at: next, if: true)
      lookUps.isReordered = true
      return false
    }
    let slot = WatchTable.slot(of: candidates.bits, in: group)
    if candidates.bits != 0 { table.prefetchPlace(in: slot) }
    lookUps.forPlaces.append(script, hash: hash, at: slot, if: candidates.bits != 0)
    return true
  }

  @inline(__always)
  private func takePlace(_ scripts: Span<Range<UInt32>>, _ lookUps: inout LookUps) {
    let (script, hash, slot) = lookUps.forPlaces.removeFirst()
    let place = table.place(in: slot)
    records.prefetch(place, count: scripts[script].count)
    lookUps.forRecords.append(script, hash: hash, at: Int(place), if: true)
  }

  @inline(__always)
  private func takeRecord(
    _ scripts: Span<Range<UInt32>>, _ bytes: RawSpan, _ lookUps: inout LookUps
  ) {
    let (place, hash, record) = lookUps.forRecords.removeFirst()
    let script = scripts[place]
    let ordinal =
      records.ordinal(
        at: UInt32(truncatingIfNeeded: record), of: bytes, from: Int(script.lowerBound),
        count: script.count)
      // Another script with the same tag: hardly ever.
      ?? find(script, in: bytes, hash: hash)
    if let ordinal { lookUps.found.append(Found(place: place, ordinal: ordinal)) }
  }
}
