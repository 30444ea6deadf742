package import Bytes
package import ChainTypes

/// A payment: its terms and what became of it.
///
/// A value that facts are applied to. Every derived figure is a function of what is stored here,
/// so that the order in which a watcher reports things never decides anything.
package struct Payment: Hashable, Sendable {
  package let terms: PaymentTerms
  /// In the order in which they first came.
  package private(set) var transfers: [PaymentTransfer] = []
  /// Where each stands among `transfers`.
  private var places: [TransferID: Int] = [:]
  /// Of `transfers`, made anew with each fact.
  private var tally = PaymentTally()
  /// How many facts have been applied: the version that a writer must know.
  package private(set) var version: Int64 = 0
  package private(set) var deadlinePassed = false
  package private(set) var canceledBy: String?
  package private(set) var acceptance: Acceptance?
  package private(set) var resolution: Resolution?
  /// Whether money that came after the resolution was accepted.
  private var isReopened = false
  /// How often it lost a status that it had reached.
  package private(set) var reversals = 0
  /// In the order in which they were requested.
  package private(set) var refunds: [KnownRefund] = []

  package struct KnownRefund: Hashable, Sendable {
    package let id: String
    package let amount: UInt256
    /// Whether it was requested of a settled payment. Otherwise what it takes no longer counts
    /// towards what is due.
    package let isOfSettled: Bool
    package internal(set) var outcome: RefundOutcome
  }

  package struct Acceptance: Hashable, Sendable {
    package let due: UInt256
    package let by: String
  }

  package struct Resolution: Hashable, Sendable {
    package let by: String
    package let reason: String
    /// What had come by then. Whatever comes later waits for another decision.
    package let settles: Set<TransferID>
  }

  package init(terms: PaymentTerms) { self.terms = terms }

  /// The payment that `facts` make of `terms`.
  package init(terms: PaymentTerms, facts: some Sequence<PaymentFact>) throws(PaymentError) {
    self.init(terms: terms)
    for fact in facts { _ = try apply(fact) }
  }

  /// Applies a fact and answers what it tells, in order. A refused fact changes nothing.
  package mutating func apply(_ fact: PaymentFact) throws(PaymentError) -> [PaymentEvent] {
    let before = self
    switch fact {
    case .observed(let updates): for update in updates { merge(update) }
    case .deadlinePassed: deadlinePassed = true
    case .canceled(let by):
      guard status == .open, received == .zero else { throw .notCancelable(status) }
      canceledBy = by
    case .accepted(let due, let by):
      // After a resolution, only what came later: the rest was dealt with.
      let came = status == .resolved ? tally.held : received
      let acceptable = came.subtractingOrZero(refundsTaken)
      guard acceptable > .zero else { throw .nothingToAccept }
      // Only ever lower: raising it could take back what was paid or settled.
      guard due > .zero, due <= self.due else { throw .dueTooHigh(due, amount: self.due) }
      // More than what came would reopen a canceled payment, which no event tells.
      guard acceptable >= max(due.subtractingOrZero(terms.tolerance), .one) else {
        throw .nothingToAccept
      }
      acceptance = Acceptance(due: due, by: by)
      isReopened = resolution != nil
    case .resolved(let by, let reason):
      guard status.rank < PaymentStatus.paid.rank, status != .resolved else {
        throw .notResolvable(status)
      }
      let there = transfers.filter { $0.state.certainty >= 1 }.map(\.id)
      resolution = Resolution(
        by: by, reason: reason, settles: resolution?.settles.union(there) ?? Set(there))
      isReopened = false
    case .refundRequested(let id, let amount): try request(id, amount)
    case .refundChanged(let id, let outcome):
      guard let place = refunds.firstIndex(where: { $0.id == id }) else {
        throw .unknownRefund(id)
      }
      refunds[place].outcome = outcome
    }
    version += 1
    tally = newTally()
    let events = PaymentEvent.difference(from: before, to: self)
    if events.contains(where: { $0.kind == .reversed }) { reversals += 1 }
    return events
  }

  private mutating func request(_ id: String, _ amount: UInt256) throws(PaymentError) {
    guard !refunds.contains(where: { $0.id == id }) else { throw .refundExists(id) }
    guard amount > .zero, amount <= refundable else {
      throw .exceedsReceipts(amount, left: refundable)
    }
    refunds.append(
      KnownRefund(id: id, amount: amount, isOfSettled: status == .settled, outcome: .pending))
  }

  private mutating func merge(_ update: PaymentTransfer) {
    if let place = places[update.id] {
      transfers[place] = update.updating(transfers[place])
    } else {
      places[update.id] = transfers.count
      transfers.append(update)
    }
  }
}

// What follows from the stored facts.
extension Payment {
  /// Whether anything was ever observed of the transfer.
  package func knows(_ id: TransferID) -> Bool { places[id] != nil }

  /// What is due: the terms' amount, or what an operator lowered it to.
  package var due: UInt256 { acceptance?.due ?? terms.amount }

  /// The least that counts as all of it. An operator may lower what is due to the tolerance and
  /// below; nothing at all never counts as paid.
  package var threshold: UInt256 { max(due.subtractingOrZero(terms.tolerance), .one) }

  package var status: PaymentStatus {
    if resolution != nil, !isReopened { return .resolved }
    if canceledBy != nil, acceptance == nil { return .canceled }
    if finalValue >= threshold { return .settled }
    if confirmed >= threshold { return .paid }
    if counting(tally.seen) >= threshold { return .processing }
    if deadlinePassed { return .expired }
    return counting(tally.included) > .zero ? .partiallyPaid : .open
  }

  /// All value that is in the mempool or in blocks, whether it counts or waits.
  package var received: UInt256 { tally.received }

  /// What is as deep as the terms require (C); with 0 confirmations required, the mempool is
  /// enough, unless the chain was halted when it came.
  package var confirmed: UInt256 {
    counting(terms.confirmations == 0 ? tally.credited : tally.confirmed)
  }

  /// What is left of it without what goes back to the payer: money that is refunded before the
  /// payment was settled pays for nothing.
  private func counting(_ value: UInt256) -> UInt256 {
    value.subtractingOrZero(unsettledRefunds)
  }

  /// Confirmed value above what is due.
  package var overpaidBy: UInt256 { confirmed.subtractingOrZero(due) }

  /// What is still missing of what is due.
  package var shortfall: UInt256 { due.subtractingOrZero(counting(tally.seen)) }

  /// Whether some of the money came after the deadline.
  package var isLate: Bool { lateValue > .zero }

  package var lateValue: UInt256 { tally.late }

  /// Whether more than one transfer makes it up.
  package var isMultiple: Bool { tally.count > 1 }

  /// Whether some of the money can still be replaced: any unconfirmed transaction can (full RBF).
  package var isReplaceable: Bool { tally.isReplaceable }

  /// Money that came but waits for an operator: late and held, or on a payment that had been
  /// canceled or resolved.
  package var heldValue: UInt256 { tally.held }

  /// Final value that counts (F).
  package var finalValue: UInt256 { counting(tally.final) }

  /// What was final above what is due, and isn't sent back yet.
  package var surplus: UInt256 {
    tally.final.subtractingOrZero(refundsTaken).subtractingOrZero(due)
  }

  /// Final value that counted, or did until it was refunded.
  var finalCounted: UInt256 { tally.final }

  /// All that is final, whether it counts or not.
  package var finalReceipts: UInt256 { tally.finalReceipts }

  /// What of `finalReceipts` waits for an operator.
  package var finalHeld: UInt256 { tally.finalHeld }

  private func newTally() -> PaymentTally {
    var tally = PaymentTally()
    for transfer in transfers {
      let isLate = transfer.isLate(after: terms.expiresAt)
      let isSettled = resolution?.settles.contains(transfer.id) ?? false
      let counts = counts(isLate: isLate, isSettled: isSettled)
      tally.add(transfer, isLate: isLate, counts: counts, waits: !counts && !isSettled)
    }
    return tally
  }

  /// - Parameter isSettled: whether it had come when the payment was resolved
  private func counts(isLate: Bool, isSettled: Bool) -> Bool {
    if resolution != nil, isReopened == isSettled { return false }
    if acceptance != nil { return true }
    if canceledBy != nil { return false }
    return terms.latePolicy == .accept || !isLate
  }
}
