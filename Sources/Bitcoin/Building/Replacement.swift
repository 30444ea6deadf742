/// What a replacement has to outbid (BIP-0125, and Bitcoin Core's rule on rates).
package struct Replacement: Hashable, Sendable {
  /// Satoshi that the replaced transaction and all that spend its outputs pay together.
  package let fee: UInt64
  /// The size of the replaced transaction itself.
  package let virtualBytes: Int
  /// By how much a replacement pays more for its own size: the node's incremental relay fee.
  package let increment: FeeRate

  package init(fee: UInt64, virtualBytes: Int, increment: FeeRate = .standardIncrement) {
    self.fee = fee
    self.virtualBytes = virtualBytes
    self.increment = increment
  }

  /// The least fee in satoshi of a replacement of `count` virtual bytes: no less than the old one
  /// (rule 3), more by the increment for its size (rule 4), and at a higher rate.
  func leastFee(virtualBytes count: Int) -> UInt64 {
    let (outbid, overflow) = fee.addingReportingOverflow(increment.fee(forVirtualBytes: count))
    guard !overflow else { return .max }
    let size = UInt64(max(1, virtualBytes))
    // The first fee above fee ÷ size × count. It fits where the product's upper half is below the
    // divisor.
    let product = fee.multipliedFullWidth(by: UInt64(max(0, count)))
    guard product.high < size else { return .max }
    let (sameRate, _) = size.dividingFullWidth(product)
    return max(outbid, sameRate == .max ? .max : sameRate + 1)
  }
}
