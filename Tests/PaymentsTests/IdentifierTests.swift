import Bytes
import Payments
import Testing

@Suite("Identifiers")
struct IdentifierTests {
  @Test("are UUIDs of version 7 that read back from their text")
  func roundTrip() throws {
    let id = Identifier(prefix: "pay", milliseconds: 0x0123_4567_89ab, random: (.max, .max))
    #expect(id.high == 0x0123_4567_89ab_7fff)
    #expect(id.low == 0xbfff_ffff_ffff_ffff)
    #expect(Identifier(id.description, prefix: "pay") == id)
    let least = Identifier(prefix: "ord", milliseconds: 0, random: (0, 0))
    #expect(Identifier(least.description, prefix: "ord") == least)
    var random = SplitMix64(seed: 7)
    for _ in 0..<1_000 {
      let id = Identifier(
        prefix: "ref", milliseconds: random.next(), random: (random.next(), random.next()))
      #expect(id.high >> 12 & 0xf == 7)
      #expect(id.low >> 62 == 2)
      #expect(id.description.utf8.count == 30)
      #expect(Identifier(id.description, prefix: "ref") == id)
    }
  }

  @Test("sort as texts by the time they were made")
  func order() {
    let times: [UInt64] = [0, 1, 31, 32, 1_023, 1_024, 1_800_000_000_000, 0xffff_ffff_ffff]
    let texts = times.map {
      Identifier(prefix: "pay", milliseconds: $0, random: (.max &- $0, $0)).description
    }
    #expect(texts == texts.sorted())
    #expect(Set(texts).count == texts.count)
  }

  @Test(
    "other texts are refused",
    arguments: [
      "", "pay", "pay_", "pay_0", "pay_00000000000000000000000000".uppercased(),
      "ord_00000000000000000000000000", "pay-00000000000000000000000000",
      "pay_0000000000000000000000000", "pay_000000000000000000000000000",
      "pay_80000000000000000000000000", "pay_zzzzzzzzzzzzzzzzzzzzzzzzzz",
      "pay_0000000000000000000000000i", "pay_0000000000000000000000000l",
      "pay_0000000000000000000000000o", "pay_0000000000000000000000000u",
      "pay_0000000000000000000000000 ", "pay_000000000000000000000000é",
      "pay_\u{0}0000000000000000000000000", "pay_'; DROP TABLE payments; --",
    ])
  func refused(_ text: String) {
    #expect(Identifier(text, prefix: "pay") == nil)
  }

  @Test("the greatest 128 bits are the greatest text")
  func greatest() throws {
    let id = try #require(Identifier("pay_7zzzzzzzzzzzzzzzzzzzzzzzzz", prefix: "pay"))
    #expect(id.high == .max)
    #expect(id.low == .max)
    #expect(id.description == "pay_7zzzzzzzzzzzzzzzzzzzzzzzzz")
  }
}
