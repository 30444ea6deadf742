/// Satoshi per 1,000 virtual bytes, as nodes estimate and relay.
package struct FeeRate: Hashable, Sendable, Comparable {
  package let satoshiPerKvB: UInt64

  package init(satoshiPerKvB: UInt64) { self.satoshiPerKvB = satoshiPerKvB }

  package static func < (a: FeeRate, b: FeeRate) -> Bool { a.satoshiPerKvB < b.satoshiPerKvB }

  /// What nodes charge to relay at least, and by how much a replacement has to pay more: 1 sat/vB.
  package static let standardIncrement = FeeRate(satoshiPerKvB: 1000)
  /// The rate at which an output that costs more to spend than it is worth is dust (Bitcoin Core's
  /// `-dustrelayfee`): 3 sat/vB.
  package static let dust = FeeRate(satoshiPerKvB: 3000)

  /// This rate, or the nearest bound; the floor where the bounds contradict each other.
  package func clamped(floor: FeeRate, ceiling: FeeRate) -> FeeRate {
    max(min(self, ceiling), floor)
  }

  /// Satoshi for that many virtual bytes, rounded up; the greatest number where it doesn't fit.
  package func fee(forVirtualBytes count: Int) -> UInt64 {
    let product = UInt64(max(0, count)).multipliedReportingOverflow(by: satoshiPerKvB)
    guard !product.overflow else { return .max }
    return product.partialValue / 1000 + (product.partialValue % 1000 == 0 ? 0 : 1)
  }
}

extension FeeRate: CustomStringConvertible {
  package var description: String { "\(satoshiPerKvB) sat/kvB" }
}
