import NodeRPC
import Testing

@Suite("The retry policy") struct RetryPolicyTests {
  private let policy = RetryPolicy(
    maximumAttempts: 100, baseDelayMilliseconds: 100, maximumDelayMilliseconds: 1_000)

  @Test("waits between half and the whole of a bound that doubles up to the maximum")
  func bounds() throws {
    for (attempt, bound) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1_000), (90, 1_000)] {
      for random in [0, 1, 49, 50, 51, 12_345, UInt64.max] {
        let delay = try #require(
          policy.delayMilliseconds(after: .warmingUp(""), attempt: attempt, random: random))
        #expect((bound / 2...bound).contains(delay))
      }
    }
  }

  @Test("gives up after the last attempt")
  func givesUp() {
    #expect(policy.delayMilliseconds(after: .warmingUp(""), attempt: 99, random: 0) != nil)
    #expect(policy.delayMilliseconds(after: .warmingUp(""), attempt: 100, random: 0) == nil)
    let once = RetryPolicy.once
    #expect(once.delayMilliseconds(after: .warmingUp(""), attempt: 1, random: 0) == nil)
  }

  @Test("doesn't repeat what would only fail again")
  func notRetried() {
    let errors: [RPCError] = [
      .node(RPCNodeError(code: -5, message: "")), .unauthorized(status: 401),
      .transport(.timedOut), .transport(.tooLarge(limit: 1)), .transport(.cancelled),
      .malformed("", excerpt: ""), .circuitOpen(untilMilliseconds: 1),
    ]
    for error in errors {
      #expect(policy.delayMilliseconds(after: error, attempt: 1, random: 0) == nil, "\(error)")
    }
  }
}
