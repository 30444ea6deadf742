import ChainTypes
import Prices
import Testing

@Suite("what sources say, taken together")
struct ConsensusTests {
  private static let now = Timestamp(seconds: 1_800_000_000)

  private func observation(
    _ source: String, _ rate: String, age: Int64 = 0, sourceAge: Int64? = nil, fresh: Int64 = 50
  ) throws -> Observation {
    Observation(
      source: source, rate: try ExactDecimal(rate), askedAt: Self.now.adding(seconds: -age),
      sourceTime: sourceAge.map { Self.now.adding(seconds: -$0) }, freshSeconds: fresh)
  }

  private func consensus(
    _ observations: [Observation], needed: Int, _ rules: RateRules = RateRules()
  ) -> Consensus {
    Consensus(of: observations, at: Self.now, rules, needed: needed)
  }

  @Test("the median counts, and of an even number the mean of both in the middle")
  func median() throws {
    let three = consensus(
      try [observation("a", "100"), observation("b", "101"), observation("c", "100.5")], needed: 2)
    #expect(three.rate?.value.text == "100.5" && three.rate?.sources == 3)
    let two = consensus(try [observation("a", "100"), observation("b", "101")], needed: 2)
    #expect(two.rate?.value.text == "100.5")
  }

  @Test("a minority that lies is left out, however much")
  func outliers() throws {
    for lie in ["1", "0.00000001", "99999999999999999999999999999999999999", "103.1"] {
      let found = consensus(
        try [observation("a", "100"), observation("b", "100.2"), observation("liar", lie)],
        needed: 2)
      #expect(found.verdicts == ["a": .agrees, "b": .agrees, "liar": .outlier])
      #expect(found.rate?.value.text == "100.1" && found.rate?.sources == 2)
    }
  }

  @Test("where two disagree there is no rate, and where a majority lies there is theirs")
  func disagreement() throws {
    let two = consensus(try [observation("a", "100"), observation("b", "110")], needed: 1)
    #expect(two.rate == nil && two.verdicts == ["a": .outlier, "b": .outlier])
    let zero = consensus(try [observation("a", "0")], needed: 1)
    #expect(zero.rate == nil)
  }

  @Test("what is old doesn't count: by when it was asked, and by the source's own word")
  func staleness() throws {
    let rules = RateRules(maximumAgeSeconds: 60)
    let found = consensus(
      try [
        observation("fresh", "100", age: 50), observation("edge", "100", age: 10, sourceAge: 60),
        observation("old", "100", age: 51), observation("says", "100", sourceAge: 61),
        observation("ahead", "100", age: -61),
      ], needed: 2, rules)
    #expect(
      found.verdicts == [
        "fresh": .agrees, "edge": .agrees, "old": .stale, "says": .stale, "ahead": .stale,
      ])
    #expect(found.rate?.sources == 2)
  }

  @Test("a rate is from when the last source came that was needed")
  func asOf() throws {
    let all = try [
      observation("a", "100", age: 5), observation("b", "100", age: 20),
      observation("c", "100", age: 40, sourceAge: 45),
    ]
    for (needed, age) in [(1, 5), (2, 20), (3, 45)] {
      #expect(consensus(all, needed: needed).rate?.asOf == Self.now.adding(seconds: -Int64(age)))
    }
    #expect(consensus(all, needed: 4).rate == nil)
  }

  @Test("a majority is needed unless told otherwise, at least one, never more than there are")
  func needed() {
    let rules = RateRules()
    #expect([0, 1, 2, 3, 4, 5].map(rules.needed) == [1, 1, 2, 2, 3, 3])
    #expect(RateRules(minimumSources: 3).needed(of: 2) == 2)
    #expect(RateRules(minimumSources: 1).needed(of: 5) == 1)
  }

  @Test("a rate is news where it moved far enough, and after a while in any case")
  func news() throws {
    let rules = RateRules(publishBasisPoints: 50, publishSeconds: 300)
    let told = (rate: try ExactDecimal("100"), time: Self.now)
    func isNews(_ rate: String, _ seconds: Int64) throws -> Bool {
      rules.isNews(try ExactDecimal(rate), at: Self.now.adding(seconds: seconds), after: told)
    }
    #expect(rules.isNews(try ExactDecimal("1"), at: Self.now, after: nil))
    #expect(try !isNews("100.5", 299) && !isNews("99.5", 1) && !isNews("100", 299))
    #expect(try isNews("100.51", 1) && isNews("99.49", 1) && isNews("100", 300))
  }
}
