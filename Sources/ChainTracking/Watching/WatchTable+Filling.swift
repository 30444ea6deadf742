extension WatchTable {
  /// A table that is made at once, of places that it has not yet: what one insertion waits for,
  /// memory far from the processor, many wait for together.
  struct Filling {
    private var table: WatchTable
    private var places = InlineArray<64, UInt32>(repeating: 0)
    private var hashes = InlineArray<64, UInt64>(repeating: 0)
    private var count = 0

    /// `groups` must be enough that it never becomes crowded.
    init(groups: Int) { table = WatchTable(groups: groups) }

    @inline(__always)
    mutating func insert(_ place: UInt32, hash: UInt64) {
      // Fewer than 64: it is emptied when that many are there.
      places[unchecked: count] = place
      hashes[unchecked: count] = hash
      table.prefetchTags(of: table.home(hash))
      count &+= 1
      if count == 64 { empty() }
    }

    @inline(never)
    private mutating func empty() {
      for index in 0..<count {
        table.insert(places[unchecked: index], hash: hashes[unchecked: index])
      }
      count = 0
    }

    mutating func finish() -> WatchTable {
      empty()
      defer { table = WatchTable() }
      return table
    }
  }
}
