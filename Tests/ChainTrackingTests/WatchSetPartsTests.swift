import Bytes
import Testing

@testable import ChainTracking

@Suite("Parts of a watch set")
struct WatchSetPartsTests {
  /// A set again, of its parts.
  private func refilled(
    _ parts: [[UInt8]], count: Int, key: (UInt64, UInt64) = (8, 9)
  ) throws -> (set: WatchSet, lastOrdinal: UInt64) {
    var refill = WatchSet.Refill(key: key, count: count)
    for part in parts {
      try refill.append(byteCount: part.count) { $0.copyBytes(from: part) }
    }
    #expect(refill.count == count)
    let last = refill.lastOrdinal
    return (refill.finish(), last)
  }

  private func script(_ number: UInt64) -> [UInt8] {
    var generator = SplitMix64(seed: number)
    let lengths = [20, 22, 22, 34, 25, 0, 80, 254, 255, 300]
    let length = lengths[Int(number % UInt64(lengths.count))]
    // The number itself, where it fits: no two are the same.
    return withUnsafeBytes(of: number) { Array($0.prefix(length)) }
      + (0..<max(0, length - 8)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
  }

  @Test("make the same set again, under another key, which then grows as the first one does")
  func roundTrip() throws {
    for count in [0, 1, 2, 63, 64, 65, 129, 3_000] {
      var set = WatchSet(key: (1, 2))
      var numbers: [UInt64: UInt64] = [:]
      for number in UInt64(0)..<UInt64(count) {
        let ordinal = number % 7 == 3 ? number << 33 : number + 1
        if set.insert(script: script(number), ordinal: ordinal) { numbers[number] = ordinal }
      }
      let (again, last) = try refilled(set.parts, count: set.count)
      var copies = (set, again)
      #expect(copies.1.parts == copies.0.parts)
      #expect(copies.1.count == copies.0.count)
      if let highest = numbers.keys.max() { #expect(last == numbers[highest]) }
      for number in UInt64(count)..<UInt64(count + 500) {
        copies.0.insert(script: script(number), ordinal: number + 1)
        copies.1.insert(script: script(number), ordinal: number + 1)
      }
      #expect(copies.1.parts == copies.0.parts)
      for number in UInt64(0)..<UInt64(count + 1_000) {
        let bytes = script(number)
        let expected = copies.0.ordinal(of: bytes.span.bytes)
        if number < count { #expect(expected == numbers[number] || bytes.isEmpty) }
        #expect(copies.1.ordinal(of: bytes.span.bytes) == expected)
        if number >= count { #expect(again.ordinal(of: bytes.span.bytes) == nil || bytes.isEmpty) }
      }
    }
  }

  @Test("several parts are one set")
  func manyParts() throws {
    // Scripts so long that a part has few of them.
    var set = WatchSet(key: (3, 4))
    let long = [UInt8](repeating: 7, count: 9 << 20)
    for number: UInt8 in 0..<8 { set.insert(script: long + [number], ordinal: UInt64(number) + 1) }
    #expect(set.parts.count > 2)
    let (again, last) = try refilled(set.parts, count: 8)
    #expect(last == 8)
    for number: UInt8 in 0..<8 {
      let script = long + [number]
      #expect(again.ordinal(of: script.span.bytes) == UInt64(number) + 1)
    }
  }

  @Test("keeping the parts keeps them as they were")
  func kept() {
    var set = WatchSet(key: (1, 2))
    set.insert(script: script(1), ordinal: 1)
    let parts = set.parts
    set.insert(script: script(2), ordinal: 2)
    #expect(parts.count == 1 && parts[0].count < set.parts[0].count)
    #expect(set.parts[0].starts(with: parts[0]))
  }

  @Test("bytes that aren't a set's are refused, whatever they are")
  func damage() throws {
    var set = WatchSet(key: (1, 2))
    for number in UInt64(0)..<40 { set.insert(script: script(number), ordinal: number + 1) }
    let part = set.parts[0]
    func refill(_ bytes: [UInt8], count: Int) throws {
      var refill = WatchSet.Refill(key: (8, 9), count: count)
      try refill.append(byteCount: bytes.count) { $0.copyBytes(from: bytes) }
    }
    try refill(part, count: set.count)
    #expect(throws: BadPart.tooMany) { try refill(part, count: set.count - 1) }
    #expect(throws: BadPart.tooMany) { try refill(part, count: 0) }
    #expect(throws: BadPart.length(0)) { try refill([], count: 1) }
    #expect(throws: BadPart.length(part.count - 1)) { try refill(part.dropLast(), count: 40) }
    // A long record's length that reaches beyond the end, or beyond what a number can hold.
    for length: UInt64 in [8, 1 << 20, .max, .max - 16, 1 << 63] {
      let bytes = withUnsafeBytes(of: length.littleEndian) { [0xff] + Array($0) }
      #expect(throws: BadPart.record(0)) {
        try refill(bytes + [UInt8](repeating: 0, count: 11), count: 1)
      }
    }
    #expect(throws: BadPart.record(0)) { try refill([0xff, 0, 0, 0], count: 1) }
    #expect(throws: BadPart.record(8)) {
      try refill([0, 1, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0], count: 4)
    }
    var generator = SplitMix64(seed: 11)
    for _ in 0..<2_000 {
      let length = Int(generator.next() % 40) * 4
      let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      try? refill(bytes, count: 30)
      var damaged = part
      damaged[Int(generator.next() % UInt64(part.count))] = UInt8(
        truncatingIfNeeded: generator.next())
      try? refill(damaged, count: set.count)
    }
  }

  @Test("what can't be filled fails as it did")
  func failing() {
    struct Unread: Error {}
    var refill = WatchSet.Refill(key: (8, 9), count: 1)
    #expect(throws: Unread.self) { try refill.append(byteCount: 8) { _ in throw Unread() } }
  }
}
