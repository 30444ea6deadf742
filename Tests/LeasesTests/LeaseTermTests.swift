import Leases
import Testing

@Suite("The term of a lease")
struct LeaseTermTests {
  private let length = Duration.seconds(6)

  @Test("a lease is renewed after a third of its term, and again a third after that was sent")
  func renewal() {
    var term = LeaseTerm(length: length, sentAt: .seconds(10))
    #expect(term.decision(at: .seconds(10)) == .wait(until: .seconds(12)))
    #expect(term.decision(at: .milliseconds(11_999)) == .wait(until: .seconds(12)))
    #expect(term.decision(at: .seconds(12)) == .renew)
    term.renewed(sentAt: .seconds(12))
    #expect(term.end == .seconds(18))
    #expect(term.decision(at: .seconds(13)) == .wait(until: .seconds(14)))
  }

  @Test("the term counts from when the question was sent, however late the answer comes")
  func sent() {
    var term = LeaseTerm(length: length, sentAt: .zero)
    #expect(term.decision(at: .seconds(5)) == .renew)
    #expect(term.decision(at: .seconds(6)) == .stop)
    term.renewed(sentAt: .seconds(2))
    #expect(term.end == .seconds(8))
    #expect(term.decision(at: .seconds(7)) == .renew)
    #expect(term.decision(at: .seconds(8)) == .stop)
  }

  @Test("a failed renewal is tried again soon, and doesn't move the end")
  func failure() {
    var term = LeaseTerm(length: length, sentAt: .zero)
    term.failed(at: .seconds(2))
    #expect(term.decision(at: .seconds(2)) == .wait(until: .milliseconds(2_500)))
    #expect(term.decision(at: .milliseconds(2_500)) == .renew)
    // No wait leads beyond the end.
    term.failed(at: .milliseconds(5_900))
    #expect(term.decision(at: .milliseconds(5_900)) == .wait(until: .seconds(6)))
    #expect(term.decision(at: .seconds(6)) == .stop)
  }

  @Test("an older renewal's answer takes nothing from a newer one's")
  func olderAnswer() {
    var term = LeaseTerm(length: length, sentAt: .zero)
    term.renewed(sentAt: .seconds(4))
    term.renewed(sentAt: .seconds(2))
    #expect(term.end == .seconds(10))
  }

  @Test("a lost lease stops at once, whatever is left of the term")
  func loss() {
    var term = LeaseTerm(length: length, sentAt: .zero)
    term.lost()
    #expect(term.decision(at: .zero) == .stop)
    term.renewed(sentAt: .seconds(1))
    #expect(term.decision(at: .seconds(1)) == .stop)
  }

  @Test("who stands by asks several times in a term")
  func standby() {
    #expect(LeaseTerm.standby(length) == .seconds(1))
  }
}
