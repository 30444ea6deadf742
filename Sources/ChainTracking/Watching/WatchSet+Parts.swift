extension WatchSet {
  /// All scripts with their ordinals, in the order of their insertion, as bytes that can be kept
  /// and of which `Refill` makes the set again. Equal insertions give equal bytes, whatever the
  /// key.
  ///
  /// Costs nothing: whoever keeps them shares the set's memory. An insertion that comes meanwhile
  /// copies the last part, of at most 32 MiB.
  package var parts: [[UInt8]] { records.parts }

  /// Makes a set of another one's parts, under a key of its own.
  package struct Refill: ~Copyable {
    /// The ordinal that came last; 0 before the first.
    package private(set) var lastOrdinal: UInt64 = 0
    package private(set) var count = 0
    private var set: WatchSet
    private var table: WatchTable.Filling
    private let limit: Int

    /// - Parameter count: how many scripts all parts have; there is room for so many at once. The
    ///   caller has bounded it: none takes less than `leastRecordBytes` in a part
    package init(key: (UInt64, UInt64), count: Int) {
      set = WatchSet(key: key)
      limit = count
      // As full as a table is that has just grown.
      table = WatchTable.Filling(groups: count / (WatchTable.slotsPerGroup * 3 / 5) + 1)
    }

    package static let leastRecordBytes = ScriptRecords.leastRecordBytes

    /// The next part, of `byteCount` bytes, all of which `fill` writes. Throws a `BadPart` where
    /// they aren't what a set's part holds.
    package mutating func append(
      byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void
    ) throws {
      let hasher = set.hasher
      var lengths: UInt64 = 0
      try set.records.appendPart(byteCount: byteCount, fill: fill) { place, script, ordinal, part in
        // Beyond the limit the table would become crowded.
        if count < limit {
          table.insert(
            place, hash: hasher.hash(part, from: script.lowerBound, count: script.count))
          lengths |= WatchSet.lengthBit(script.count)
        }
        count += 1
        lastOrdinal = ordinal
      }
      set.lengths |= lengths
      guard count <= limit else { throw BadPart.tooMany }
    }

    package consuming func finish() -> WatchSet {
      set.table = table.finish()
      return set
    }
  }
}

/// Bytes that no set's part has.
package enum BadPart: Error, Equatable {
  case length(Int)
  /// Where no record ends that begins at this offset.
  case record(Int)
  /// More records than were told, or parts than a set can have.
  case tooMany
}
