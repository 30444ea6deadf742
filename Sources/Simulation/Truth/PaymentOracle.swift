/// What a payment must be, worked out from what was asked for, what the chain holds, and what was
/// decided. Written from the rules alone, in the plainest way.
struct PaymentOracle {
  struct Money {
    let value: UInt64
    /// The transfer's word: `seen`, `included`, `confirmed`, `final`, or one that doesn't count.
    let state: String
    let isLate: Bool
    /// Whether it counts without confirmation: no halt keeps it from that.
    let isCredited: Bool
    /// Whether it had come when the payment was resolved.
    let isSettled: Bool
  }

  let amount: UInt64
  let tolerance: UInt64
  let confirmations: Int64
  let acceptsLate: Bool
  var isDeadlinePassed = false
  var isCanceled = false
  /// What an operator lowered the due amount to, or took as it is.
  var acceptedDue: UInt64?
  var isResolved = false
  /// Whether what came after the resolution was accepted.
  var isReopened = false
  /// What goes back that was asked for before it was settled: it pays for nothing.
  var refunded: UInt64 = 0
  var money: [Money] = []

  private static let levels = ["seen": 1, "included": 2, "confirmed": 3, "final": 4]

  private func total(level: Int, onlyCounted: Bool = true, onlyCredited: Bool = false) -> UInt64 {
    var total: UInt64 = 0
    for money in money where (Self.levels[money.state] ?? 0) >= level {
      if onlyCredited, !money.isCredited, (Self.levels[money.state] ?? 0) < 3 { continue }
      let isOpenTo = !isResolved || money.isSettled != isReopened
      let counts =
        isOpenTo && (acceptedDue != nil || (!isCanceled && (acceptsLate || !money.isLate)))
      if counts || !onlyCounted { total += money.value }
    }
    return total
  }

  /// All that is final, whether it counts or not.
  var finalReceipts: UInt64 { total(level: 4, onlyCounted: false) }

  /// What of it counts, or did until it was sent back.
  var finalCounted: UInt64 { total(level: 4) }

  /// What of it counts for nothing and had no part in what an operator closed.
  var finalWaiting: UInt64 {
    var open = self
    open.money = money.filter { !(isResolved && $0.isSettled) }
    return open.finalReceipts - open.finalCounted
  }

  private func counting(_ total: UInt64) -> UInt64 { total - min(total, refunded) }

  var received: UInt64 { total(level: 1, onlyCounted: false) }

  var confirmed: UInt64 {
    counting(confirmations == 0 ? total(level: 1, onlyCredited: true) : total(level: 3))
  }

  var final: UInt64 { counting(total(level: 4)) }

  var status: String {
    let due = acceptedDue ?? amount
    let enough = due > tolerance ? due - tolerance : 1
    if isResolved && !isReopened { return "resolved" }
    if isCanceled && acceptedDue == nil { return "canceled" }
    if final >= enough { return "settled" }
    if confirmed >= enough { return "paid" }
    if counting(total(level: 1)) >= enough { return "processing" }
    if isDeadlinePassed { return "expired" }
    return counting(total(level: 2)) > 0 ? "partially_paid" : "open"
  }

  /// How far along a status is; a step to a lower one is a reversal.
  static func rank(_ status: String) -> Int {
    switch status {
    case "partially_paid": 1
    case "processing": 2
    case "paid": 3
    case "settled": 4
    default: 0
    }
  }
}
