internal import Bytes

/// The sums over a payment's transfers, made in one pass: a payment is replayed for each change,
/// and anyone can send it as many transfers as they like.
struct PaymentTally: Hashable, Sendable {
  /// All that is in the mempool or in blocks.
  private(set) var received = UInt256.zero
  private(set) var late = UInt256.zero
  /// What came but waits for an operator.
  private(set) var held = UInt256.zero
  /// How many transfers are in the mempool or in blocks.
  private(set) var count = 0
  private(set) var isReplaceable = false
  // What counts, by how sure it is at least.
  private(set) var seen = UInt256.zero
  /// What was seen while nothing halted the chain, or is confirmed.
  private(set) var credited = UInt256.zero
  private(set) var included = UInt256.zero
  private(set) var confirmed = UInt256.zero
  private(set) var final = UInt256.zero
  /// All that is final, whether it counts or waits: what can be sent back.
  private(set) var finalReceipts = UInt256.zero
  /// What of it waits.
  private(set) var finalHeld = UInt256.zero

  init() {}

  mutating func add(_ transfer: PaymentTransfer, isLate: Bool, counts: Bool, waits: Bool) {
    let certainty = transfer.state.certainty
    guard certainty >= 1 else { return }
    count += 1
    isReplaceable = isReplaceable || transfer.state == .seen
    Self.add(transfer.value, to: &received)
    if isLate { Self.add(transfer.value, to: &late) }
    if waits { Self.add(transfer.value, to: &held) }
    if certainty >= 4 {
      Self.add(transfer.value, to: &finalReceipts)
      if waits { Self.add(transfer.value, to: &finalHeld) }
    }
    guard counts else { return }
    Self.add(transfer.value, to: &seen)
    if certainty >= 3 || transfer.isHeldBack != true { Self.add(transfer.value, to: &credited) }
    if certainty >= 2 { Self.add(transfer.value, to: &included) }
    if certainty >= 3 { Self.add(transfer.value, to: &confirmed) }
    if certainty >= 4 { Self.add(transfer.value, to: &final) }
  }

  /// Saturates: a token whose values overflow 256 bits can't make a payment smaller.
  private static func add(_ value: UInt256, to sum: inout UInt256) {
    let (total, overflow) = sum.addingReportingOverflow(value)
    sum = overflow ? .max : total
  }
}
