internal import CCacheLine

/// Finds places of records by hashes: groups of 32 slots, each a 16-bit tag, 0 where it is empty,
/// and a place.
///
/// A hash has a home group; where that is full the place stands in the next group that isn't.
/// Nothing is ever removed, so a group fills from its first slot on and is full when its last tag
/// is set. A group's tags are one line of the cache apart from the places, so that a look-up that
/// finds no tag reads one line.
///
/// In front of the groups stands a Bloom filter of three 64-bit words for each of them, in which a
/// hash sets four bits of one word (Putze, Sanders and Singler, "Cache-, hash- and space-efficient
/// Bloom filters", 2007). Some 3 of 100 other hashes pass, so that the usual look-up, one that
/// fails, ends here. The filter is a ninth of all, of which a processor's caches keep more.
struct WatchTable: Sendable {
  private var slots: Slots
  private(set) var count = 0

  static let slotsPerGroup = 32

  /// What a group's tags say of a hash.
  struct Candidates {
    /// Bit n is set where slot n has the hash's tag.
    var bits: UInt32
    /// Whether the hash may stand in the next group.
    let goesOn: Bool

    /// The next slot of the group with the hash's tag.
    @inline(__always)
    mutating func next() -> Int? {
      guard bits != 0 else { return nil }
      let slot = WatchTable.slot(of: bits, in: 0)
      bits &= bits &- 1
      return slot
    }
  }

  /// The first slot of candidates' bits in the whole table; a group's first where there is none.
  @inline(__always)
  static func slot(of bits: UInt32, in group: Int) -> Int {
    // 32, where no bit is set, gives what 0 gives.
    group &* slotsPerGroup &+ bits.trailingZeroBitCount & 31
  }

  var groupCount: Int { slots.groupCount }

  /// Whether one more would fill it beyond three quarters, above which groups overflow often.
  var isCrowded: Bool { (count + 1) * 4 > groupCount * Self.slotsPerGroup * 3 }

  var residentBytes: Int { slots.byteCount }

  /// An empty one.
  init(groups: Int = 0) {
    precondition(
      groups * Slots.filterWords <= Int(UInt32.max), "groups and words are numbered by 32 bits")
    slots = Slots(groupCount: groups)
  }

  /// The upper 32 bits, scaled to the table's size: a number below the group count, which isn't 0.
  @inline(__always)
  func home(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: ((hash >> 32) &* UInt64(truncatingIfNeeded: groupCount)) >> 32)
  }

  @inline(__always)
  func group(after group: Int) -> Int { group &+ 1 == groupCount ? 0 : group &+ 1 }

  /// The lowest 16 bits; 0 marks an empty slot, so it counts as 1.
  @inline(__always)
  private static func tag(_ hash: UInt64) -> UInt64 { max(1, hash & 0xffff) }

  // MARK: The filter

  /// The upper 32 bits, scaled to the number of words: one of the home group's. Not for no groups.
  @inline(__always)
  private func filterWord(_ hash: UInt64) -> Int {
    let count = UInt64(truncatingIfNeeded: groupCount &* Slots.filterWords)
    return Int(truncatingIfNeeded: ((hash >> 32) &* count) >> 32)
  }

  /// Up to four bits, by 24 bits that don't choose the word.
  @inline(__always)
  private static func filterBits(_ hash: UInt64) -> UInt64 {
    1 &<< (hash >> 8) | 1 &<< (hash >> 14) | 1 &<< (hash >> 20) | 1 &<< (hash >> 26)
  }

  /// Brings what `mayHold` reads near.
  @inline(__always)
  func prefetchFilter(_ hash: UInt64) { cache_line_prefetch(slots.filter + filterWord(hash)) }

  /// False where the table has no such hash. Not to be asked of a table without groups.
  @inline(__always)
  func mayHold(_ hash: UInt64) -> Bool {
    let bits = Self.filterBits(hash)
    return slots.filter[filterWord(hash)] & bits == bits
  }

  // MARK: Groups

  /// Brings a group's tags near.
  @inline(__always)
  func prefetchTags(of group: Int) { cache_line_prefetch(slots.memory + 64 &* group) }

  /// Brings a slot's place near.
  @inline(__always)
  func prefetchPlace(in slot: Int) { cache_line_prefetch(slots.places + slot) }

  /// A group's last four tags, which tell whether it is full. `group` is below the group count.
  @inline(__always)
  func lastTags(of group: Int) -> UInt64 { slots.words[group &* 8 &+ 7] }

  /// `group` is below the group count.
  @inline(__always)
  func candidates(_ hash: UInt64, in group: Int) -> Candidates {
    let line = slots.memory + 64 &* group
    return Candidates(
      bits: cache_line_places(line, UInt16(truncatingIfNeeded: Self.tag(hash))),
      goesOn: lastTags(of: group) >> 48 != 0)
  }

  /// `slot` is below the number of slots.
  @inline(__always)
  func place(in slot: Int) -> UInt32 { slots.places[slot] }

  /// Puts a place into the first free slot from the hash's home on. There is one: the caller keeps
  /// the table from being crowded.
  mutating func insert(_ place: UInt32, hash: UInt64) {
    if !isKnownUniquelyReferenced(&slots) { slots = Slots(copying: slots) }
    var group = home(hash)
    while lastTags(of: group) >> 48 != 0 { group = self.group(after: group) }
    var word = group &* 8
    while slots.words[word] >> 48 != 0 { word &+= 1 }
    // Tags aren't 0, so this counts those of the word.
    let slot = (79 &- slots.words[word].leadingZeroBitCount) / 16
    slots.words[word] |= Self.tag(hash) << UInt64(16 &* slot)
    slots.places[4 &* word &+ slot] = place
    slots.filter[filterWord(hash)] |= Self.filterBits(hash)
    count += 1
  }

  /// The memory of a table: the tags of all groups, then their places, then the filter.
  ///
  /// An array would not begin at a line of the cache, and each group's tags would stand on two.
  private final class Slots: @unchecked Sendable {
    // Safe to share: written to by `insert` alone, and that where nobody else refers to it.
    let memory: UnsafeMutableRawPointer
    let groupCount: Int
    /// Of each group 32 tags, four a word, the first in the lowest bits.
    let words: UnsafeMutablePointer<UInt64>
    let places: UnsafeMutablePointer<UInt32>
    let filter: UnsafeMutablePointer<UInt64>

    private static let tagBytes = 64
    private static let placeBytes = 128
    /// Of each group.
    static let filterWords = 3

    var byteCount: Int { Self.byteCount(groupCount) }

    private static func byteCount(_ groupCount: Int) -> Int {
      groupCount * (tagBytes + placeBytes + 8 * filterWords)
    }

    init(groupCount: Int) {
      self.groupCount = groupCount
      memory = LargeMemory.allocate(byteCount: max(1, Self.byteCount(groupCount)))
      words = memory.bindMemory(to: UInt64.self, capacity: groupCount * Self.tagBytes / 8)
      places = (memory + groupCount * Self.tagBytes).bindMemory(
        to: UInt32.self, capacity: groupCount * Self.placeBytes / 4)
      filter = (memory + groupCount * (Self.tagBytes + Self.placeBytes)).bindMemory(
        to: UInt64.self, capacity: groupCount * Self.filterWords)
    }

    convenience init(copying other: Slots) {
      self.init(groupCount: other.groupCount)
      memory.copyMemory(from: other.memory, byteCount: byteCount)
    }

    deinit { LargeMemory.deallocate(memory, byteCount: max(1, byteCount)) }
  }
}
