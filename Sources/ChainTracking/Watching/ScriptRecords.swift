internal import CCacheLine

/// Scripts with their ordinals, one after another, in memory that is never moved or freed while it
/// grows.
///
/// A record is the script's length (1 byte), the script, and its ordinal (4 bytes). Where one of
/// the two needs more, it is ff, the length (8 bytes), the script, and the ordinal (8 bytes).
/// Numbers are little-endian. A record begins at a multiple of 4 bytes; its place counts those
/// fours, so that 32 bits reach over 16 GiB.
struct ScriptRecords: Sendable {
  /// All but the last are full. Large ones come from the system one by one, which makes memory that
  /// was reserved and never written to cost nothing.
  private var chunks: [RecordChunk] = []

  private static let unit = 4
  /// Of the length, no script, the ordinal, and up to the next four.
  static let leastRecordBytes = 8
  private static let unitsPerChunkBits: UInt32 = 23
  private static let chunkBytes = unit << Int(unitsPerChunkBits)

  /// Adds a record; its place.
  mutating func append(_ script: RawSpan, ordinal: UInt64) -> UInt32 {
    let needed = script.byteCount + RecordChunk.maximumFrameBytes + Self.unit
    if chunks.isEmpty || chunks[chunks.count - 1].bytes.count + needed > Self.chunkBytes {
      var chunk = RecordChunk()
      // The first one grows with the set, as most sets are small.
      if !chunks.isEmpty { chunk.reserve(max(needed, Self.chunkBytes)) }
      chunks.append(chunk)
    }
    let last = chunks.count - 1
    precondition(last < 1 << (32 - Self.unitsPerChunkBits), "records stay within 16 GiB")
    let offset = chunks[last].bytes.count / Self.unit
    chunks[last].append(script, ordinal: ordinal, unit: Self.unit)
    return UInt32(last) << Self.unitsPerChunkBits | UInt32(offset)
  }

  /// The ordinal of the record at `place`, where that holds the script that stands in `bytes`.
  @inline(__always)
  func ordinal(at place: UInt32, of bytes: RawSpan, from start: Int, count: Int) -> UInt64? {
    let (chunk, offset) = Self.split(place)
    return chunks.span[chunk].ordinal(at: offset, of: bytes, from: start, count: count)
  }

  /// Brings the record at `place` near, if it holds a script of `count` bytes.
  @inline(__always)
  func prefetch(_ place: UInt32, count: Int) {
    let (chunk, offset) = Self.split(place)
    chunks.span[chunk].prefetch(offset, count: count)
  }

  /// All places, in the order in which they were given, each with its script.
  func forEach(_ body: (_ place: UInt32, _ script: RawSpan) -> Void) {
    for (number, chunk) in chunks.enumerated() {
      var offset = 0
      while offset < chunk.bytes.count {
        let (script, end) = chunk.script(at: offset)
        body(
          UInt32(number) << Self.unitsPerChunkBits | UInt32(offset / Self.unit),
          chunk.bytes.span.bytes.extracting(script))
        offset = (end + Self.unit - 1) / Self.unit * Self.unit
      }
    }
  }

  /// What is written to; what is reserved beyond is no memory yet.
  var residentBytes: Int { chunks.reduce(0) { $0 + $1.bytes.count } }

  // MARK: Parts

  /// The records as they lie in memory. Whoever keeps them shares that memory, and an insertion
  /// then copies the last part.
  var parts: [[UInt8]] { chunks.map(\.bytes) }

  /// Takes a part over that `fill` writes, and gives `body` its records as `forEach` does. Throws
  /// where what was written isn't records one behind the other up to the part's end.
  @inline(__always)
  mutating func appendPart(
    byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void,
    _ body: (_ place: UInt32, _ script: Range<Int>, _ ordinal: UInt64, _ part: RawSpan) -> Void
  ) throws {
    guard (1...Self.chunkBytes).contains(byteCount), byteCount % Self.unit == 0 else {
      throw BadPart.length(byteCount)
    }
    let number = chunks.count
    guard number < 1 << (32 - Self.unitsPerChunkBits) else { throw BadPart.tooMany }
    let chunk = try RecordChunk(byteCount: byteCount, capacity: Self.chunkBytes, fill: fill)
    let bytes = chunk.bytes.span.bytes
    var offset = 0
    while offset < byteCount {
      guard let record = chunk.checkedRecord(at: offset) else { throw BadPart.record(offset) }
      body(
        UInt32(number) << Self.unitsPerChunkBits | UInt32(offset / Self.unit), record.script,
        record.ordinal, bytes)
      offset = (record.end + Self.unit - 1) / Self.unit * Self.unit
    }
    chunks.append(chunk)
  }

  @inline(__always)
  private static func split(_ place: UInt32) -> (chunk: Int, offset: Int) {
    let mask: UInt32 = 1 << unitsPerChunkBits &- 1
    return (Int(place >> unitsPerChunkBits), Int(place & mask) &* unit)
  }
}

/// Records behind each other in one array.
struct RecordChunk: Sendable {
  var bytes: [UInt8] = []

  /// Of length and ordinal.
  static let maximumFrameBytes = 17
  /// The first byte of records with long numbers.
  private static let long: UInt8 = 0xff

  init() {}

  /// `byteCount` bytes, all of which `fill` writes, with room for `capacity`.
  init(
    byteCount: Int, capacity: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    bytes = try [UInt8](unsafeUninitializedCapacity: capacity) { memory, count in
      let memory = UnsafeMutableRawBufferPointer(memory)
      LargeMemory.preferHugePages(memory)
      try fill(UnsafeMutableRawBufferPointer(rebasing: memory[..<byteCount]))
      count = byteCount
    }
  }

  mutating func reserve(_ byteCount: Int) {
    bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { memory, count in
      LargeMemory.preferHugePages(UnsafeMutableRawBufferPointer(memory))
      count = 0
    }
  }

  mutating func append(_ script: RawSpan, ordinal: UInt64, unit: Int) {
    let isLong = script.byteCount >= Int(Self.long) || ordinal > UInt64(UInt32.max)
    if isLong {
      bytes.append(Self.long)
      append(UInt64(script.byteCount), byteCount: 8)
    } else {
      bytes.append(UInt8(truncatingIfNeeded: script.byteCount))
    }
    script.withUnsafeBytes { bytes.append(contentsOf: $0) }
    append(ordinal, byteCount: isLong ? 8 : 4)
    while bytes.count % unit != 0 { bytes.append(0) }
  }

  private mutating func append(_ value: UInt64, byteCount: Int) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0.prefix(byteCount)) }
  }

  @inline(__always)
  func prefetch(_ offset: Int, count: Int) {
    bytes.withUnsafeBufferPointer {
      guard let first = $0.baseAddress else { return }
      cache_line_prefetch(first + offset)
      cache_line_prefetch(first + (offset &+ count))
    }
  }

  /// Where the script of the record at `offset` stands, and where the record ends.
  func script(at offset: Int) -> (range: Range<Int>, end: Int) {
    if bytes[offset] < Self.long {
      let end = offset + 1 + Int(bytes[offset])
      return (offset + 1..<end, end + 4)
    }
    let start = offset + 9
    let end = start + Int(truncatingIfNeeded: number(at: offset + 1))
    return (start..<end, end + 8)
  }

  /// The record at `offset`, below the number of bytes, as `append` writes it; nil where none is.
  @inline(__always)
  func checkedRecord(at offset: Int) -> (script: Range<Int>, ordinal: UInt64, end: Int)? {
    let own = bytes.span.bytes
    let count = Int(own.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
    // The record's start lies inside, and a short one has fewer than 300 bytes: no overflow.
    let ordinal = offset &+ 1 &+ count
    guard count < Int(Self.long) else { return checkedLongRecord(at: offset) }
    guard ordinal &+ 4 <= own.byteCount else { return nil }
    return (
      offset &+ 1..<ordinal,
      UInt64(
        UInt32(littleEndian: own.unsafeLoadUnaligned(fromByteOffset: ordinal, as: UInt32.self))),
      ordinal &+ 4
    )
  }

  @inline(never)
  private func checkedLongRecord(
    at offset: Int
  ) -> (script: Range<Int>, ordinal: UInt64, end: Int)? {
    guard offset + Self.maximumFrameBytes <= bytes.count,
      let count = Int(exactly: number(at: offset + 1)),
      count <= bytes.count - offset - Self.maximumFrameBytes
    else { return nil }
    let (script, end) = script(at: offset)
    return (script, number(at: script.upperBound), end)
  }

  /// `start..<start + count` lies inside `other`.
  @inline(__always)
  func ordinal(at offset: Int, of other: RawSpan, from start: Int, count: Int) -> UInt64? {
    let own = bytes.span.bytes
    let first = own.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    guard first < Self.long else {
      return longOrdinal(at: offset, of: other, from: start, count: count)
    }
    guard Int(first) == count, Self.isEqual(own, offset &+ 1, other, start, count: count) else {
      return nil
    }
    return UInt64(
      UInt32(
        littleEndian: own.unsafeLoadUnaligned(
          fromByteOffset: offset &+ 1 &+ count, as: UInt32.self)))
  }

  @inline(never)
  private func longOrdinal(
    at offset: Int, of other: RawSpan, from start: Int, count: Int
  ) -> UInt64? {
    let (script, _) = script(at: offset)
    guard script.count == count,
      Self.isEqual(bytes.span.bytes, script.lowerBound, other, start, count: count)
    else { return nil }
    return number(at: script.upperBound)
  }

  private func number(at offset: Int) -> UInt64 {
    UInt64(
      littleEndian: bytes.span.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  @inline(__always)
  private static func isEqual(
    _ a: RawSpan, _ first: Int, _ b: RawSpan, _ second: Int, count: Int
  ) -> Bool {
    precondition(first &+ count <= a.byteCount && second &+ count <= b.byteCount, "both are whole")
    guard count >= 8 else {
      // All offsets lie inside both.
      for offset in 0..<count
      where a.unsafeLoad(fromUncheckedByteOffset: first &+ offset, as: UInt8.self)
        != b.unsafeLoad(fromUncheckedByteOffset: second &+ offset, as: UInt8.self)
      {
        return false
      }
      return true
    }
    // The first eight and the last eight may overlap, and so may those between. All lie inside
    // both.
    var difference = word(a, at: first) ^ word(b, at: second)
    let last = count &- 8
    difference |= word(a, at: first &+ last) ^ word(b, at: second &+ last)
    if count <= 24 {
      // As many standard scripts are.
      let middle = last / 2
      difference |= word(a, at: first &+ middle) ^ word(b, at: second &+ middle)
      return difference == 0
    }
    var offset = 8
    while offset < last {
      difference |= word(a, at: first &+ offset) ^ word(b, at: second &+ offset)
      offset &+= 8
    }
    return difference == 0
  }

  @inline(__always)
  private static func word(_ bytes: RawSpan, at offset: Int) -> UInt64 {
    bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
  }
}
