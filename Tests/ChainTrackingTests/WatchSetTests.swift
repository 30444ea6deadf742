import Bytes
import Testing

@testable import ChainTracking

@Suite("Watch set")
struct WatchSetTests {
  /// A script of 0 to 80 bytes that depends on `number` alone.
  private func script(_ number: UInt64) -> [UInt8] {
    var generator = SplitMix64(seed: number)
    let lengths = [22, 22, 22, 34, 34, 25, 23, 35, 0, 1, 7, 8, 9, 80]
    let length = lengths[Int(generator.next() % UInt64(lengths.count))]
    return (0..<length).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
  }

  private func matchesOracle(_ empty: WatchSet, scripts: UInt64, seed: UInt64) {
    var set = empty
    var oracle: [[UInt8]: UInt64] = [:]
    var generator = SplitMix64(seed: seed)
    for _ in 0..<scripts {
      let script = script(generator.next() % (scripts * 2))
      // Ordinals of every size, up to the largest.
      let ordinal = generator.next() >> (generator.next() % 64)
      let isNew = oracle[script] == nil
      #expect(set.insert(script: script, ordinal: ordinal) == isNew)
      if isNew { oracle[script] = ordinal }
    }
    #expect(set.count == oracle.count)
    batchMatchesOracle(set, oracle, scripts: scripts)
    for number in 0..<(scripts * 2) {
      let script = script(number)
      #expect(set.ordinal(of: script.span.bytes) == oracle[script])
      #expect(set.contains(script.span.bytes) == (oracle[script] != nil))
      let extended = script + [0]
      #expect(set.ordinal(of: extended.span.bytes) == oracle[extended])
      let cut = Array(script.dropLast())
      #expect(set.ordinal(of: cut.span.bytes) == oracle[cut])
    }
  }

  /// All scripts behind each other, as they stand in a block, looked for at once.
  private func batchMatchesOracle(_ set: WatchSet, _ oracle: [[UInt8]: UInt64], scripts: UInt64) {
    var bytes: [UInt8] = [1, 2, 3]
    var ranges: [Range<UInt32>] = []
    var expected: [WatchSet.Found] = []
    for number in 0..<(scripts * 2) {
      let script = script(number)
      if let ordinal = oracle[script] {
        expected.append(WatchSet.Found(place: ranges.count, ordinal: ordinal))
      }
      ranges.append(UInt32(bytes.count)..<UInt32(bytes.count + script.count))
      bytes += script
    }
    #expect(set.find(ranges.span, in: bytes.span.bytes) == expected)
    #expect(foundInSteps(set, ranges, in: bytes) == expected)
    let none: [Range<UInt32>] = []
    #expect(set.find(none.span, in: bytes.span.bytes).isEmpty)
  }

  /// As a block's walk comes by them: some at a time, or none, and further ones behind these.
  private func foundInSteps(
    _ set: WatchSet, _ ranges: [Range<UInt32>], in bytes: [UInt8]
  ) -> [WatchSet.Found] {
    var lookUps = set.beginLookUps()
    var generator = SplitMix64(seed: UInt64(ranges.count))
    var known = 0
    while known < ranges.count {
      let first = known
      known = min(ranges.count, known + Int(generator.next() % 80))
      let part = Array(ranges[..<known])
      set.lookUp(part.span, from: first, in: bytes.span.bytes, &lookUps)
    }
    return set.found(ranges.span, in: bytes.span.bytes, &lookUps)
  }

  @Test("scripts and ordinals of any size are kept")
  func sizes() {
    var set = WatchSet(key: (1, 2))
    let lengths = [0, 1, 15, 16, 24, 25, 40, 41, 62, 63, 64, 254, 255, 256, 10_000, 70_000]
    for (place, length) in lengths.enumerated() {
      let ordinal = UInt64.max >> UInt64(4 * place)
      let script: [UInt8] = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 7 + place) }
      let isNew = set.insert(script: script, ordinal: ordinal)
      #expect(isNew)
      #expect(set.ordinal(of: script.span.bytes) == ordinal)
      for index in script.indices where index < 300 || index > length - 20 {
        var other = script
        other[index] ^= 1
        #expect(set.ordinal(of: other.span.bytes) == nil)
      }
    }
    #expect(set.count == lengths.count)
  }

  @Test("it finds what a dictionary finds")
  func oracle() {
    matchesOracle(WatchSet(key: (1, 2)), scripts: 4_000, seed: 1)
    matchesOracle(WatchSet(key: (1, 2), hashMask: .max), scripts: 2_000, seed: 2)
  }

  @Test(
    "hashes that collide make it slower, not wrong",
    arguments: [
      0, 3, 0xffff, 0xffff_0000_0000_0000, 0x0000_0000_0003_0000, 0x0003_0000_0000_0001,
    ])
  func collisions(mask: UInt64) {
    matchesOracle(WatchSet(key: (3, 4), hashMask: mask), scripts: 250, seed: mask)
  }

  @Test("a snapshot stays as it was while the set goes on, and the other way round")
  func snapshots() {
    var set = WatchSet(key: (5, 6), hashMask: .max)
    var snapshots: [WatchSet] = []
    for number: UInt64 in 0..<40 {
      snapshots.append(set)
      for part: UInt64 in 0..<25 {
        let numbered = [UInt8](repeating: 9, count: 20) + [UInt8(number), UInt8(part)]
        set.insert(script: numbered, ordinal: number)
      }
    }
    snapshots[3].insert(script: [1, 2, 3], ordinal: 77)
    for (age, snapshot) in snapshots.enumerated() {
      #expect(snapshot.count == age * 25 + (age == 3 ? 1 : 0))
      for number: UInt64 in 0..<40 {
        let numbered = [UInt8](repeating: 9, count: 20) + [UInt8(number), 24]
        #expect(snapshot.ordinal(of: numbered.span.bytes) == (number < age ? number : nil))
      }
    }
    let other: [UInt8] = [1, 2, 3]
    #expect(set.contains(other.span.bytes) == false)
    #expect(snapshots[3].ordinal(of: other.span.bytes) == 77)
  }

  @Test("its table's filter passes what is there, and few others")
  func filter() {
    // As full as it becomes.
    let groups = 100
    var table = WatchTable(groups: groups)
    var generator = SplitMix64(seed: 7)
    while !table.isCrowded {
      let hash = generator.next()
      table.insert(UInt32(table.count), hash: hash)
      #expect(table.mayHold(hash))
    }
    #expect(table.count == groups * 24)
    let passed = (0..<100_000).count { _ in table.mayHold(generator.next()) }
    #expect((1_000..<4_500).contains(passed))
  }

  @Test("an empty set finds nothing and takes little")
  func empty() {
    let set = WatchSet(key: (7, 8))
    let nothing: [UInt8] = []
    #expect(set.isEmpty)
    #expect(set.contains(nothing.span.bytes) == false)
    batchMatchesOracle(set, [:], scripts: 50)
    #expect(set.residentBytes < 100_000)
  }

  @Test("many scripts take at most 17 bytes each beside their own")
  func many() {
    var set = WatchSet(key: (9, 10))
    var generator = SplitMix64(seed: 12)
    var script = [UInt8](repeating: 0, count: 22)
    func fill(_ number: UInt64) {
      var word = number
      for index in 2..<10 {
        script[index] = UInt8(truncatingIfNeeded: word)
        word >>= 8
      }
    }
    // Unoptimised, a million insertions take longer than all other tests together.
    #if DEBUG
      let count: UInt64 = 100_000
    #else
      let count: UInt64 = 1_000_000
    #endif
    for ordinal in 0..<count {
      fill(ordinal &* 0x9e37_79b9_7f4a_7c15)
      set.insert(script: script.span.bytes, ordinal: ordinal)
    }
    #expect(set.count == Int(count))
    #expect(Double(set.residentBytes) / Double(count) - 22 < 17)
    for _ in 0..<20_000 {
      let ordinal = generator.next() % (2 * count)
      fill(ordinal &* 0x9e37_79b9_7f4a_7c15)
      #expect(set.ordinal(of: script.span.bytes) == (ordinal < count ? ordinal : nil))
    }
  }
}

@Suite("Hashes of scripts")
struct ScriptHashTests {
  private let hash = ScriptHash(key: SipHash.Key(k0: 1, k1: 2))

  @Test("every byte, and the length, changes the hash", arguments: Array(0...70))
  func everyByte(length: Int) {
    let script = (0..<length).map { UInt8($0) }
    var hashes = [hash.hash(script.span.bytes)]
    for index in script.indices {
      var other = script
      other[index] ^= 0x80
      hashes.append(hash.hash(other.span.bytes))
    }
    hashes.append(hash.hash((script + [0]).span.bytes))
    hashes.append(hash.hash(([0xff] + script).span.bytes))
    #expect(Set(hashes).count == hashes.count)
  }

  @Test("where a script stands in its bytes changes nothing")
  func places() {
    let bytes = (0..<200).map { UInt8($0) }
    for length in [0, 7, 8, 20, 22, 34, 41, 90] {
      let part = Array(bytes[50..<50 + length])
      #expect(
        hash.hash(part.span.bytes) == hash.hash(bytes.span.bytes, from: 50, count: length))
    }
  }

  @Test("it depends on both halves of the key")
  func key() {
    let script = [UInt8](repeating: 7, count: 22)
    let hashes = [(0, 0), (1, 0), (0, 1)].map {
      ScriptHash(key: SipHash.Key(k0: $0.0, k1: $0.1)).hash(script.span.bytes)
    }
    #expect(Set(hashes).count == 3)
  }

  @Test("the upper and the lower bits of many hashes spread evenly")
  func spread() {
    var high = [Int](repeating: 0, count: 64)
    var low = high
    for number: UInt64 in 0..<64_000 {
      let script =
        [0, 20] + (0..<20).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * ($0 & 7))) }
      let hash = hash.hash(script.span.bytes)
      high[Int(hash >> 58)] += 1
      low[Int(hash & 63)] += 1
    }
    // A thousand each, give or take; six times the standard deviation is 190.
    #expect(high.allSatisfy { abs($0 - 1_000) < 190 })
    #expect(low.allSatisfy { abs($0 - 1_000) < 190 })
  }
}

@Suite("SipHash-1-3")
struct SipHashTests {
  /// Of the bytes 0, 1, 2, … up to each length, under a zero key: figures made with the reference
  /// implementation (github.com/veorq/SipHash), as OCaml's tests list them.
  private static let digests: [UInt64] = [
    0xd1fb_a762_150c_532c, 0x68a9_1412_8e01_e473, 0x010b_ac45_c41e_3669, 0x4d4c_9a4a_8ef6_e0ad,
    0x7cc4_3f98_813e_4dbd, 0x5abe_2169_dff3_6275, 0xe3c2_5f87_624f_1cdb, 0x2f09_8ab0_c751_325a,
    0xead4_11e6_7ebe_2eea, 0x7592_7f9d_9512_4362, 0xaf9f_77a6_5ab5_1a1d, 0xfe64_ce8b_6617_fcff,
    0xa6ba_f4fb_0f9f_e1c2, 0xa0cf_3211_850f_8e0d, 0x7f86_0493_79fb_fe67, 0xf30e_b725_bb91_c9ea,
    0x8972_1884_33a5_c5b7, 0x4883_c49a_2c00_9c1d, 0xadc2_c0b6_3044_067d, 0x091f_4a33_29f8_7d19,
    0x639e_355a_e68c_0100, 0xb17b_ef2c_b521_3239, 0xf8ae_b106_6236_ccfe, 0x3733_2b13_89da_a4ff,
    0x3118_5a47_af93_2f3a,
  ]

  @Test("it gives the reference's digests")
  func reference() {
    for (length, digest) in Self.digests.enumerated() {
      let bytes = (0..<length).map { UInt8($0) }
      #expect(SipHash.hash(bytes.span.bytes, key: SipHash.Key(k0: 0, k1: 0)) == digest)
    }
  }

  @Test("it depends on both halves of the key")
  func key() {
    let bytes: [UInt8] = [1, 2, 3]
    let digests = [(0, 0), (1, 0), (0, 1)].map {
      SipHash.hash(bytes.span.bytes, key: SipHash.Key(k0: $0.0, k1: $0.1))
    }
    #expect(Set(digests).count == 3)
  }
}
