import Payments
import Testing

@Suite("how transactions of ours wait for a block")
struct OutgoingWaitTests {
  private func first(
    since: UInt32 = 100, isRefused: Bool, blockMilliseconds: UInt32
  ) -> (height: UInt32, reason: OutgoingWait.Reason?) {
    var wait = OutgoingWait(since: since)
    for tip in since...
    where wait.look(
      at: tip, isRefused: isRefused, blockMilliseconds: blockMilliseconds)
    { return (tip - since, wait.stuck) }
    return (0, nil)
  }

  @Test("half an hour of blocks is long, and ten of them at least")
  func unmined() {
    #expect(first(isRefused: false, blockMilliseconds: 600_000) == (10, .unmined))
    #expect(first(isRefused: false, blockMilliseconds: 12_000) == (150, .unmined))
    #expect(first(isRefused: false, blockMilliseconds: 2_000) == (900, .unmined))
    #expect(first(isRefused: false, blockMilliseconds: 0) == (1_800_000, .unmined))
  }

  @Test("what nodes refuse is told five times as soon, though not at once")
  func refused() {
    #expect(first(isRefused: true, blockMilliseconds: 600_000) == (2, .refused))
    #expect(first(isRefused: true, blockMilliseconds: 12_000) == (30, .refused))
  }

  @Test("it is told once, and a tip that fell back is no wait")
  func once() {
    var wait = OutgoingWait(since: 100)
    let told = [(90, true), (102, true), (110, false)].map { tip, isRefused in
      wait.look(at: tip, isRefused: isRefused, blockMilliseconds: 600_000)
    }
    #expect(told == [false, true, false])
    #expect(wait.stuck == .refused)
  }
}
