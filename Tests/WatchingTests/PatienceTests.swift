import Bytes
import ChainTypes
import Digests
import Testing

@testable import Watching

@Suite("How long a block is waited for")
struct PatienceTests {
  private static func block(_ number: UInt8) -> Hash32 { Keccak256.hash([number]) }
  private static func at(_ seconds: Int64) -> Timestamp { Timestamp(seconds: 1_000_000 + seconds) }

  private func expectWaiting(_ patience: inout Patience, _ number: UInt8, _ seconds: Int64) {
    let lasts = patience.lasts(for: Self.block(number), at: Self.at(seconds), seconds: 60)
    #expect(lasts, "block \(number) at \(seconds)")
  }

  private func expectOver(_ patience: inout Patience, _ number: UInt8, _ seconds: Int64) {
    let lasts = patience.lasts(for: Self.block(number), at: Self.at(seconds), seconds: 60)
    #expect(!lasts, "block \(number) at \(seconds)")
  }

  @Test("it ends, and what was waited for in vain isn't waited for again for ten times as long")
  func pauses() {
    var patience = Patience()
    expectWaiting(&patience, 1, 0)
    expectWaiting(&patience, 1, 59)
    expectOver(&patience, 1, 60)
    for second: Int64 in [60, 300, 659] {
      expectOver(&patience, 2, second)
    }
    expectWaiting(&patience, 3, 660)
  }

  @Test("each block is waited for from when it was looked at first")
  func another() {
    var patience = Patience()
    expectWaiting(&patience, 1, 0)
    expectWaiting(&patience, 2, 59)
    expectWaiting(&patience, 2, 118)
    expectOver(&patience, 2, 119)
  }

  @Test("a clock that goes back makes neither the waiting nor the pause longer")
  func clock() {
    var patience = Patience()
    expectWaiting(&patience, 1, 5_000)
    expectWaiting(&patience, 1, 0)
    expectOver(&patience, 1, 60)
    expectWaiting(&patience, 2, -5_000)
    expectOver(&patience, 2, -4_940)
  }
}
