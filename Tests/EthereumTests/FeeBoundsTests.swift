import Bytes
import Ethereum
import Testing

@Suite("fees to offer")
struct FeeBoundsTests {
  private typealias Caps = EthereumTransaction.FeeCaps

  private func bounds(
    _ floor: UInt256 = 10, _ ceiling: UInt256 = 100, most: UInt256 = 1_000
  ) throws -> FeeBounds {
    try #require(FeeBounds(tipFloor: floor, tipCeiling: ceiling, maxFeeCeiling: most))
  }

  @Test("the tip is the blocks' median and the fee twice the base fee and the tip")
  func suggestion() throws {
    let caps = try bounds().caps(nextBaseFee: 200, tips: [0, 70, 20, 0, 5_000])
    #expect(caps == Caps(maxPriorityFeePerGas: 20, maxFeePerGas: 420))
    let alone = try bounds().caps(nextBaseFee: 200, tips: [])
    #expect(alone == Caps(maxPriorityFeePerGas: 10, maxFeePerGas: 410))
  }

  @Test("tips and fees stay within their bounds, whatever a node says")
  func clamps() throws {
    let bounds = try bounds()
    #expect(
      bounds.caps(nextBaseFee: 1, tips: [0, 0, 0])
        == Caps(maxPriorityFeePerGas: 10, maxFeePerGas: 12))
    #expect(
      bounds.caps(nextBaseFee: 1, tips: [.max])
        == Caps(maxPriorityFeePerGas: 100, maxFeePerGas: 102))
    #expect(
      bounds.caps(nextBaseFee: 800, tips: [50])
        == Caps(maxPriorityFeePerGas: 50, maxFeePerGas: 1_000))
    #expect(
      bounds.caps(nextBaseFee: 990, tips: [50])
        == Caps(maxPriorityFeePerGas: 50, maxFeePerGas: 1_000))
    #expect(bounds.caps(nextBaseFee: 991, tips: [50]) == nil)
    #expect(bounds.caps(nextBaseFee: .max, tips: [50]) == nil)
    #expect(FeeBounds(tipFloor: 2, tipCeiling: 1, maxFeeCeiling: 5) == nil)
    #expect(FeeBounds(tipFloor: 2, tipCeiling: 6, maxFeeCeiling: 5) == nil)
  }

  @Test("a replacement's caps are both a tenth higher, rounded up")
  func replacement() {
    func least(_ tip: UInt256, _ fee: UInt256) -> Caps? {
      Caps(maxPriorityFeePerGas: tip, maxFeePerGas: fee).leastReplacement
    }
    #expect(least(100, 1_000) == Caps(maxPriorityFeePerGas: 110, maxFeePerGas: 1_100))
    #expect(least(101, 1_001) == Caps(maxPriorityFeePerGas: 112, maxFeePerGas: 1_102))
    // go-ethereum wants more than before even where a tenth is nothing.
    #expect(least(0, 1) == Caps(maxPriorityFeePerGas: 1, maxFeePerGas: 2))
    #expect(least(0, .max) == nil)
  }

  @Test("a replacement offers what is usual today, and waits where that exceeds the bounds")
  func replacementWithinBounds() throws {
    let bounds = try bounds()
    let old = Caps(maxPriorityFeePerGas: 20, maxFeePerGas: 400)
    let cheap = Caps(maxPriorityFeePerGas: 10, maxFeePerGas: 100)
    let dear = Caps(maxPriorityFeePerGas: 90, maxFeePerGas: 900)
    #expect(
      old.replacement(suggested: cheap, within: bounds)
        == Caps(maxPriorityFeePerGas: 22, maxFeePerGas: 440))
    #expect(old.replacement(suggested: dear, within: bounds) == dear)
    let highest = Caps(maxPriorityFeePerGas: 20, maxFeePerGas: 910)
    #expect(highest.replacement(suggested: dear, within: bounds) == nil)
    let generous = Caps(maxPriorityFeePerGas: 95, maxFeePerGas: 400)
    #expect(generous.replacement(suggested: dear, within: bounds) == nil)
  }

  @Test("a gas limit is the estimate and its margin, and never above what a transaction may have")
  func gasLimits() {
    #expect(GasLimit.limit(estimate: 21_000, marginPercent: 0) == 21_000)
    #expect(GasLimit.limit(estimate: 21_001, marginPercent: 20) == 25_202)
    #expect(GasLimit.limit(estimate: 16_000_000, marginPercent: 20) == 1 << 24)
    #expect(GasLimit.limit(estimate: 1 << 24, marginPercent: .max) == 1 << 24)
    #expect(GasLimit.limit(estimate: 1 << 24 + 1, marginPercent: 0) == nil)
    #expect(GasLimit.limit(estimate: 0, marginPercent: 20) == nil)
    let caps = Caps(maxPriorityFeePerGas: 1, maxFeePerGas: 30)
    #expect(GasLimit.cost(21_000, caps) == 630_000)
    #expect(GasLimit.cost(2, Caps(maxPriorityFeePerGas: 1, maxFeePerGas: .max)) == nil)
  }

  @Test("a sweep is made while its cost is within the share of its value")
  func worth() throws {
    // 1 USDC (10⁶) is worth 0.0004 ether; 1 % of it may go.
    let rate = try #require(SweepWorth.Rate(wei: 400_000_000_000_000, minorUnits: 1_000_000))
    let worth = SweepWorth(share: 100, weiPer: rate)
    #expect(worth.wei(of: 2_500_000) == 1_000_000_000_000_000)
    #expect(worth.allows(cost: 10_000_000_000_000, moving: 2_500_000))
    #expect(!worth.allows(cost: 10_000_000_000_001, moving: 2_500_000))
    #expect(!worth.allows(cost: 1, moving: 0))
    #expect(!worth.allows(cost: 1, moving: .max))
    #expect(!worth.allows(cost: .max, moving: 2_500_000))
    let all = SweepWorth(share: .max, weiPer: .coin)
    #expect(all.allows(cost: 7, moving: 7) && !all.allows(cost: 8, moving: 7))
    #expect(SweepWorth.Rate(wei: 1, minorUnits: .zero) == nil)
  }
}
