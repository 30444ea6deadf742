/// One part of a `WatchSet`: scripts one after another, and a table that finds them by their hash.
///
/// The table has groups of 16 slots. A slot is a 16-bit tag, 0 where it is empty, and the offset of
/// the script's record. A hash has a home group; where that is full the script stands in the next
/// one that isn't. Nothing is ever removed, so a group fills from its first slot on and is full
/// when its last tag is set.
///
/// Tags stand apart from offsets and are compared 4 at a time: a look-up that fails, the usual
/// case, reads 32 bytes and takes two branches that are nearly always predicted, so that look-ups
/// in memory far from the processor overlap.
struct WatchShard: Sendable {
  /// Four tags a word, the first in the lowest bits; four words a group.
  private var tags: [UInt64] = []
  private var offsets: [UInt32] = []
  /// Each record: the script's length and its ordinal (both as LEB128), and the script.
  private var records: [UInt8] = []
  private var groups: UInt32 = 0
  private var count: UInt32 = 0

  private static let slotsPerGroup = 16
  private static let wordsPerGroup = 4

  /// The ordinal of `script`, whose hash is `hash`, where it is here.
  @inline(__always)
  func ordinal(of script: RawSpan, hash: UInt64) -> UInt64? {
    guard groups > 0 else { return nil }
    let tags = tags.span
    let pattern = UInt64(Self.tag(hash)) &* Self.lowBits
    var group = Self.home(hash, groups: groups)
    // Ends: at least a quarter of the slots is empty (see `insert`).
    while true {
      // `home` lies below `groups`, stepping on wraps there, and `tags` has 4 words for each.
      let first = group &* Self.wordsPerGroup
      let last = tags[unchecked: first &+ 3]
      let matches =
        Self.zeroTags(tags[unchecked: first] ^ pattern)
        | Self.zeroTags(tags[unchecked: first &+ 1] ^ pattern)
        | Self.zeroTags(tags[unchecked: first &+ 2] ^ pattern) | Self.zeroTags(last ^ pattern)
      if matches != 0, let ordinal = match(script, tag: Self.tag(hash), group: group) {
        return ordinal
      }
      if last >> 48 == 0 { return nil }
      group &+= 1
      if group == Int(groups) { group = 0 }
    }
  }

  /// Adds a script that isn't here. `rehash` gives the hash of a script that is.
  mutating func insert(
    _ script: RawSpan, ordinal: UInt64, hash: UInt64, rehash: (RawSpan) -> UInt64
  ) {
    if (Int(count) + 1) * 4 > offsets.count * 3 { grow(rehash) }
    let offset = records.count
    precondition(offset <= Int(UInt32.max), "a shard's records stay within 4 GiB")
    appendRecord(script, ordinal: ordinal)
    place(UInt32(offset), hash: hash)
    count += 1
  }

  /// What its three arrays hold on to, without the allocator's own share.
  var residentBytes: Int { tags.capacity * 8 + offsets.capacity * 4 + records.capacity }

  // MARK: Table

  private mutating func grow(_ rehash: (RawSpan) -> UInt64) {
    // By a quarter: memory counts for more here than the time of an insertion.
    groups += groups / 4 + 1
    tags = [UInt64](repeating: 0, count: Int(groups) * Self.wordsPerGroup)
    offsets = [UInt32](repeating: 0, count: Int(groups) * Self.slotsPerGroup)
    var offset = 0
    while offset < records.count {
      let record = header(at: offset)
      let end = record.start + record.length
      place(UInt32(offset), hash: rehash(records.span.bytes.extracting(record.start..<end)))
      offset = end
    }
  }

  private mutating func place(_ offset: UInt32, hash: UInt64) {
    var slot = Self.home(hash, groups: groups) * Self.slotsPerGroup
    while tag(at: slot) != 0 { slot = slot + 1 == offsets.count ? 0 : slot + 1 }
    tags[slot / 4] |= UInt64(Self.tag(hash)) << UInt64(16 * (slot % 4))
    offsets[slot] = offset
  }

  private func tag(at slot: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: tags[slot / 4] >> UInt64(16 * (slot % 4)))
  }

  /// The top 16 bits; 0 marks an empty slot, so it counts as 1.
  private static func tag(_ hash: UInt64) -> UInt16 {
    max(1, UInt16(truncatingIfNeeded: hash >> 48))
  }

  /// Bits 16 to 47, scaled to the table's size: a number below `groups`.
  private static func home(_ hash: UInt64, groups: UInt32) -> Int {
    let bits = UInt64(UInt32(truncatingIfNeeded: hash >> 16))
    return Int(truncatingIfNeeded: (bits &* UInt64(groups)) >> 32)
  }

  private static let lowBits: UInt64 = 0x0001_0001_0001_0001

  /// Not zero exactly where one of the word's four tags is zero.
  private static func zeroTags(_ word: UInt64) -> UInt64 {
    (word &- lowBits) & ~word & (lowBits &<< 15)
  }

  // MARK: Records

  private mutating func appendRecord(_ script: RawSpan, ordinal: UInt64) {
    // Arrays double when they are full; a sixteenth at a time wastes less.
    let needed = records.count + script.byteCount + 20
    if needed > records.capacity {
      var larger: [UInt8] = []
      larger.reserveCapacity(needed + needed / 16)
      larger.append(contentsOf: records)
      records = larger
    }
    appendLEB128(UInt64(script.byteCount))
    appendLEB128(ordinal)
    script.withUnsafeBytes { records.append(contentsOf: $0) }
  }

  private mutating func appendLEB128(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      records.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    records.append(UInt8(truncatingIfNeeded: rest))
  }

  private func header(at offset: Int) -> (length: Int, ordinal: UInt64, start: Int) {
    let (length, next) = leb128(at: offset)
    let (ordinal, start) = leb128(at: next)
    return (Int(truncatingIfNeeded: length), ordinal, start)
  }

  private func leb128(at offset: Int) -> (value: UInt64, next: Int) {
    let records = records.span
    var value: UInt64 = 0
    var shift: UInt64 = 0
    var next = offset
    while true {
      let byte = records[next]
      next &+= 1
      value |= UInt64(byte & 0x7f) &<< shift
      if byte < 0x80 { return (value, next) }
      shift &+= 7
    }
  }

  /// The ordinal of `script` where one of the group's records with its tag holds it, byte for byte.
  @inline(never)
  private func match(_ script: RawSpan, tag: UInt16, group: Int) -> UInt64? {
    let first = group * Self.slotsPerGroup
    for slot in first..<(first + Self.slotsPerGroup) where self.tag(at: slot) == tag {
      let record = header(at: Int(offsets[slot]))
      guard record.length == script.byteCount else { continue }
      let own = records.span.bytes.extracting(record.start..<(record.start + record.length))
      if Self.equal(own, script) { return record.ordinal }
    }
    return nil
  }

  private static func equal(_ a: RawSpan, _ b: RawSpan) -> Bool {
    precondition(a.byteCount == b.byteCount, "only scripts of one length are compared")
    var offset = 0
    while a.byteCount &- offset >= 8 {
      // At least 8 bytes remain in both.
      let left = a.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
      let right = b.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
      if left != right { return false }
      offset &+= 8
    }
    while offset < a.byteCount {
      let left = a.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
      if left != b.unsafeLoad(fromByteOffset: offset, as: UInt8.self) { return false }
      offset &+= 1
    }
    return true
  }
}
