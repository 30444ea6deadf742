internal import Bytes

extension PaymentEvent {
  /// What a change from `before` to `after` tells, in order: first what was taken back, then each
  /// level that was reached, then differences beside the status.
  package static func difference(from before: Payment, to after: Payment) -> [PaymentEvent] {
    let (old, new) = (before.status, after.status)
    var events: [PaymentEvent] = []
    func tell(_ kind: Kind) { events.append(PaymentEvent(kind, from: old, to: new)) }

    if old != new {
      // A resolution is an operator's act, and a deadline passes over what is still there: neither
      // takes anything back.
      let isExpiry = old == .partiallyPaid && after.deadlinePassed && !before.deadlinePassed
      if new.rank < old.rank, new != .resolved, !isExpiry { tell(.reversed) }
      switch new {
      case .open: break
      case .partiallyPaid: if old.rank < new.rank { tell(.partiallyPaid) }
      case .processing, .paid, .settled:
        // Every level on the way is told, so that who waits for one never misses it.
        let levels: [(Kind, PaymentStatus)] = [
          (.processing, .processing), (.paid, .paid), (.settled, .settled),
        ]
        for (kind, level) in levels where old.rank < level.rank && level.rank <= new.rank {
          tell(kind)
        }
      case .expired: tell(after.received == .zero ? .expired : .expiredPartial)
      case .canceled: tell(.canceled)
      case .resolved: tell(.resolved)
      }
    }
    if after.lateValue > before.lateValue || after.heldValue > before.heldValue { tell(.late) }
    if after.overpaidBy > before.overpaidBy { tell(.overpaid) }
    // Who settles what came hears of all that did: also of what had been seen in time, was gone and
    // came after the payment had expired, and of the rest that the tolerance had forgone.
    if events.isEmpty, after.received > before.received, new.hasEnded || new == .paid {
      tell(.received)
    }
    return events
  }
}
