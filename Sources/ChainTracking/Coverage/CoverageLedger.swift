package import Bytes
package import ChainTypes

/// Which blocks a watcher has scanned: the proof that no block was skipped.
///
/// Ranges in ascending order, each block linked to the one below by its hash. What `append`,
/// `disconnect`, `insert` and `merge` make of a ledger without holes has none; rows read from a
/// store may hold anything, and `check` finds it.
package struct CoverageLedger: Hashable, Sendable {
  /// Ascending by `fromHeight`.
  package private(set) var ranges: [CoverageRange]

  package init() { ranges = [] }

  /// From stored rows in any order, whatever they hold.
  package init(stored: [CoverageRange]) {
    ranges = stored.sorted {
      ($0.fromHeight, $0.throughHeight) < ($1.fromHeight, $1.throughHeight)
    }
  }

  /// The last block covered.
  package var last: BlockRef? { ranges.last?.through }

  /// Enters the next block. It extends the last range where it was scanned for the same addresses,
  /// and begins a new one otherwise.
  package mutating func append(
    _ block: BlockRef, parent: Hash32, addressesThrough: UInt64?
  ) throws(CoverageError) {
    let next = CoverageRange(block, parent: parent, addressesThrough: addressesThrough)
    guard let current = ranges.last else {
      ranges.append(next)
      return
    }
    guard current.links(to: next) else {
      throw .doesNotLink(block, parent: parent, last: current.through)
    }
    if current.addressesThrough == addressesThrough {
      ranges[ranges.count - 1] = current.ending(at: block, addressesThrough: addressesThrough)
    } else {
      ranges.append(next)
    }
  }

  /// Takes back the last block; `newTip` is its parent.
  package mutating func disconnect(
    _ block: BlockRef, newTip: BlockRef
  ) throws(CoverageError) {
    guard let current = ranges.last, current.through == block else {
      throw .notTheLast(block, last: last)
    }
    guard block.height > 0, newTip.height == block.height - 1 else {
      throw .notTheParent(newTip, of: block)
    }
    if current.fromHeight == block.height {
      guard newTip.hash == current.fromParentHash else { throw .notTheParent(newTip, of: block) }
      ranges.removeLast()
    } else {
      ranges[ranges.count - 1] = current.ending(
        at: newTip, addressesThrough: current.addressesThrough)
    }
  }

  /// Enters a range that was scanned apart, such as a rescan that fills a hole. It must link to the
  /// neighbours it touches.
  package mutating func insert(_ range: CoverageRange) throws(CoverageError) {
    var position = ranges.count
    while position > 0, ranges[position - 1].fromHeight >= range.fromHeight { position -= 1 }
    var around = CoverageLedger()
    around.ranges = ranges[max(0, position - 1)..<position] + [range]
    if position < ranges.count { around.ranges.append(ranges[position]) }
    for hole in around.check() {
      if case .missing = hole { continue }
      throw .doesNotFit(hole)
    }
    ranges.insert(range, at: position)
  }

  /// Joins ranges that link and end no higher than `height` (the highest final block). What the
  /// joined range was scanned for is what each of its parts was.
  package mutating func merge(throughHeight height: UInt32) {
    var merged: [CoverageRange] = []
    for range in ranges {
      if range.throughHeight <= height, let previous = merged.last, previous.links(to: range) {
        merged[merged.count - 1] = previous.ending(
          at: range.through,
          addressesThrough: Self.least(previous.addressesThrough, range.addressesThrough))
      } else {
        merged.append(range)
      }
    }
    ranges = merged
  }

  /// What is wrong, lowest first. With `fromHeight` and `tip`, also what is missing below the first
  /// range and above the last.
  package func check(fromHeight: UInt32? = nil, tip: BlockRef? = nil) -> [CoverageHole] {
    var holes: [CoverageHole] = []
    var previous: CoverageRange?
    for range in ranges {
      guard range.fromHeight <= range.throughHeight else {
        holes.append(
          .inverted(fromHeight: range.fromHeight, throughHeight: range.throughHeight))
        continue
      }
      if let hole = previous.map({ Self.hole(between: $0, and: range) })
        ?? Self.missing(from: fromHeight, before: range.fromHeight)
      {
        holes.append(hole)
      }
      if previous.map({ $0.throughHeight < range.throughHeight }) ?? true { previous = range }
    }
    if let tip { holes += Self.holes(after: previous, fromHeight: fromHeight, tip: tip) }
    return holes
  }

  // MARK: Parts

  private static func hole(
    between lower: CoverageRange, and upper: CoverageRange
  ) -> CoverageHole? {
    if upper.fromHeight <= lower.throughHeight {
      return .overlapping(
        fromHeight: upper.fromHeight,
        throughHeight: min(lower.throughHeight, upper.throughHeight))
    }
    if let hole = missing(from: lower.throughHeight + 1, before: upper.fromHeight) { return hole }
    guard upper.fromParentHash == lower.throughHash else {
      return .brokenLink(
        height: upper.fromHeight, parent: upper.fromParentHash, covered: lower.throughHash)
    }
    return nil
  }

  private static func missing(from height: UInt32?, before next: UInt32) -> CoverageHole? {
    guard let height, height < next else { return nil }
    return .missing(fromHeight: height, throughHeight: next - 1)
  }

  private static func holes(
    after last: CoverageRange?, fromHeight: UInt32?, tip: BlockRef
  ) -> [CoverageHole] {
    guard let last else {
      let first = fromHeight ?? tip.height
      guard first <= tip.height else { return [] }
      return [.missing(fromHeight: first, throughHeight: tip.height)]
    }
    if last.throughHeight < tip.height {
      return [.missing(fromHeight: last.throughHeight + 1, throughHeight: tip.height)]
    }
    return last.through == tip ? [] : [.otherTip(last.through, expected: tip)]
  }

  private static func least(_ a: UInt64?, _ b: UInt64?) -> UInt64? {
    guard let a, let b else { return nil }
    return min(a, b)
  }
}
