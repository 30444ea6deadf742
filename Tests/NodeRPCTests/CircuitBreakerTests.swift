import NodeRPC
import Testing

@Suite("The circuit breaker") struct CircuitBreakerTests {
  private func makeBreaker() -> CircuitBreaker {
    CircuitBreaker(
      failureThreshold: 3, basePauseMilliseconds: 100, maximumPauseMilliseconds: 350)
  }

  private func expect(_ breaker: inout CircuitBreaker, admits nowMilliseconds: Int64) {
    let isAdmitted = breaker.admit(at: nowMilliseconds)
    #expect(isAdmitted)
  }

  private func expect(_ breaker: inout CircuitBreaker, refuses nowMilliseconds: Int64) {
    let isAdmitted = breaker.admit(at: nowMilliseconds)
    #expect(!isAdmitted)
  }

  @Test("opens after failures in a row, and a success between starts the count over")
  func opens() {
    var breaker = makeBreaker()
    breaker.failed(at: 0)
    breaker.failed(at: 0)
    breaker.succeeded()
    breaker.failed(at: 0)
    breaker.failed(at: 0)
    #expect(breaker.state == .closed(failures: 2))
    breaker.failed(at: 10)
    #expect(breaker.state == .open(untilMilliseconds: 110, pauseMilliseconds: 100))
    expect(&breaker, refuses: 109)
  }

  @Test("lets one call through after its pause, whose success closes it")
  func halfOpenSucceeds() {
    var breaker = makeBreaker()
    for _ in 0..<3 { breaker.failed(at: 0) }
    expect(&breaker, admits: 100)
    expect(&breaker, refuses: 100)
    breaker.succeeded()
    #expect(breaker.state == .closed(failures: 0))
    expect(&breaker, admits: 100)
  }

  @Test("doubles its pause with each failed probe, up to its bound")
  func halfOpenFails() {
    var breaker = makeBreaker()
    for _ in 0..<3 { breaker.failed(at: 0) }
    var now: Int64 = 0
    for pause: Int64 in [100, 200, 350, 350] {
      #expect(breaker.state == .open(untilMilliseconds: now + pause, pauseMilliseconds: pause))
      now += pause
      expect(&breaker, admits: now)
      breaker.failed(at: now)
    }
  }

  @Test("a probe that was cancelled leaves room for the next")
  func abandoned() {
    var breaker = makeBreaker()
    for _ in 0..<3 { breaker.failed(at: 0) }
    expect(&breaker, admits: 100)
    breaker.abandoned(at: 120)
    expect(&breaker, admits: 120)
  }

  @Test("failures that end late neither lengthen the pause nor overflow it")
  func late() {
    var breaker = makeBreaker()
    for _ in 0..<3 { breaker.failed(at: .max) }
    #expect(breaker.state == .open(untilMilliseconds: .max, pauseMilliseconds: 100))
    breaker.failed(at: .max)
    #expect(breaker.state == .open(untilMilliseconds: .max, pauseMilliseconds: 100))
  }
}
