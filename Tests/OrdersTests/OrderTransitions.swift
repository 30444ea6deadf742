import Bytes
import ChainTypes
import Orders
import Supply

// What each fact makes of an order.
extension OrderTests {
  static let transitions: [Transition] = [
    Transition(
      "stock is reserved", [], .stockReserved(revision: 1), tells: ["updated"], .pending,
      then: .requestPayment),
    Transition(
      "stock is missing", [], .stockRefused(revision: 1, shortages: shortages),
      tells: ["canceled"], .canceled, then: .releaseStock(revision: 2)),
    Transition(
      "an answer to another revision", [], .stockReserved(revision: 2), tells: [], .pending,
      then: .reserveStock(revision: 1)),
    Transition(
      "the payment is there", [.stockReserved(revision: 1)], .paymentRequested(payment),
      tells: ["updated"], .pending),
    Transition(
      "the same payment again", waiting, .paymentRequested(payment), tells: [], .pending),
    Transition(
      "no payment is to be had", [.stockReserved(revision: 1)],
      .paymentRefused(reason: "too small"), tells: ["canceled"], .canceled,
      then: .releaseStock(revision: 2)),
    Transition(
      "the deadline passes before a payment", [.stockReserved(revision: 1)], .deadlinePassed,
      tells: ["canceled"], .canceled, then: .releaseStock(revision: 2)),
    Transition("the deadline passes with a payment", waiting, .deadlinePassed, tells: [], .pending),
    Transition("money is seen", waiting, moved(2, .processing), tells: ["updated"], .pending),
    Transition(
      "it is paid: its stock stays on the shelf", waiting, moved(3, .paid), tells: ["confirmed"],
      .confirmed),
    Transition(
      "it is paid before its stock was reserved", [.paymentRequested(payment)], moved(3, .paid),
      tells: ["confirmed"], .confirmed, then: .reserveStock(revision: 1)),
    Transition(
      "its stock is used", confirmed + [.preparing(by: "bo")], .stockConsumed,
      tells: ["updated"], .preparing),
    Transition(
      "its stock isn't there any more", confirmed + [.preparing(by: "bo")], .stockMissing,
      tells: ["updated"], .held, .stockMissing),
    Transition(
      "its stock was used as soon as it was paid", waiting + [moved(3, .paid)], .stockConsumed,
      tells: ["updated"], .confirmed),
    Transition(
      "such an order is canceled, too", formerly, .canceled(by: "ada", note: nil),
      tells: ["canceled"], .canceled, .refundDue, then: .releaseStock(revision: 2)),
    Transition("an older event", confirmed, moved(2, .processing), tells: [], .confirmed),
    Transition("the same event", confirmed, moved(3, .paid), tells: [], .confirmed),
    Transition(
      "another payment's event", confirmed, .paymentMoved(id: "pay_2", sequence: 9, to: .open),
      tells: [], .confirmed),
    Transition(
      "somebody begins", confirmed, .preparing(by: "bo"), tells: ["preparing"], .preparing,
      then: .consumeStock),
    Transition("again", preparing, .preparing(by: "bo"), tells: [], .preparing),
    Transition("it is ready", preparing, .ready(by: "bo"), tells: ["ready"], .ready),
    Transition(
      "its code was shown", ready, .claimed(claim: "clm_1", by: "bo"),
      tells: ["claimed", "completed"], .completed),
    Transition(
      "the same again", ready + [.claimed(claim: "clm_1", by: "bo")],
      .claimed(claim: "clm_1", by: "bo"), tells: [], .completed),
    Transition(
      "its code was shown while its payment was being taken back", ready + [moved(4, .open)],
      .claimed(claim: "clm_1", by: "bo"), tells: ["claimed", "completed"], .completed,
      .paymentReversed),
    Transition(
      "its code was shown when staff had handed it over", completed,
      .claimed(claim: "clm_1", by: "bo"), tells: ["claimed"], .completed),
    Transition(
      "its code was shown before that it is canceled could be heard",
      ready + [moved(4, .open), .canceled(by: "bo", note: nil)],
      .claimed(claim: "clm_1", by: "bo"), tells: ["updated"], .canceled,
      then: .withdrawPayment("pay_1")),
    Transition("it is handed over", ready, .completed(by: "bo"), tells: ["completed"], .completed),
    Transition(
      "the payment expires", waiting, moved(2, .expired), tells: ["canceled"], .canceled,
      then: .releaseStock(revision: 2)),
    Transition(
      "the payment was closed", waiting, moved(2, .resolved), tells: ["canceled"], .canceled,
      then: .releaseStock(revision: 2)),
    Transition(
      "stock is released", waiting + [moved(2, .expired)], .stockReleased, tells: ["updated"],
      .canceled),
    Transition(
      "a confirmed order's payment is taken back", confirmed, moved(4, .processing),
      tells: ["updated"], .held, .paymentReversed),
    Transition(
      "a ready order's payment is taken back", ready, moved(4, .open), tells: ["updated"], .held,
      .paymentReversed),
    Transition(
      "it is paid again", ready + [moved(4, .open)], moved(6, .paid), tells: ["updated"], .ready),
    Transition(
      "what was handed over is taken back", completed, moved(4, .open), tells: ["updated"],
      .completed, .paymentReversed),
    Transition(
      "a customer cancels before paying", waiting, .canceled(by: "ada", note: nil),
      tells: ["canceled"], .canceled, then: .releaseStock(revision: 2)),
    Transition(
      "its payment is withdrawn then", waiting + [.canceled(by: "ada", note: nil)], .stockReleased,
      tells: ["updated"], .canceled, then: .withdrawPayment("pay_1")),
    Transition(
      "nothing is left to do then",
      waiting + [.canceled(by: "ada", note: nil), .stockReleased], .paymentWithdrawn,
      tells: ["updated"], .canceled),
    Transition(
      "canceling again", waiting + [.canceled(by: "ada", note: nil)],
      .canceled(by: "bo", note: "x"), tells: [], .canceled, then: .releaseStock(revision: 2)),
    Transition(
      "a paid order is canceled: its stock returns, its money is owed", confirmed,
      .canceled(by: "ada", note: nil), tells: ["canceled"], .canceled, .refundDue,
      then: .releaseStock(revision: 2)),
    Transition(
      "a held order that was begun is canceled: its stock is gone",
      preparing + [moved(4, .open)], .canceled(by: "bo", note: nil), tells: ["canceled"],
      .canceled, then: .withdrawPayment("pay_1")),
    Transition(
      "a held order that was begun is canceled before its stock is used: it is used all the same",
      waiting + [moved(3, .paid), .preparing(by: "bo"), moved(4, .expired)],
      .canceled(by: "bo", note: nil), tells: ["canceled"], .canceled, then: .consumeStock),
    Transition(
      "stock comes after it was missing, and the order goes on",
      [
        .paymentRequested(payment), moved(3, .paid),
        .stockRefused(revision: 1, shortages: shortages),
      ], .stockReserved(revision: 1), tells: ["updated"], .confirmed),
    Transition(
      "money comes for a canceled order", waiting + [moved(2, .expired), .stockReleased],
      moved(5, .paid), tells: ["updated"], .canceled, .refundDue),
    Transition(
      "missing stock is asked for again", missing, resolved(.reserved), tells: ["updated"], .held,
      then: .reserveStock(revision: 2)),
    Transition(
      "and is there", missing + [resolved(.reserved)], .stockReserved(revision: 2),
      tells: ["updated"], .preparing, then: .consumeStock),
    Transition(
      "and isn't there", missing + [resolved(.reserved)],
      .stockRefused(revision: 2, shortages: shortages), tells: ["updated"], .held, .stockMissing),
    Transition(
      "something else is made", missing, resolved(.substituted(substitutes)), tells: ["updated"],
      .held, then: .reserveStock(revision: 2)),
    Transition(
      "it is made of what is at hand", missing, resolved(.accepted), tells: ["updated"],
      .preparing, then: .releaseStock(revision: 2)),
    Transition(
      "what an earlier wish held is given back then", missing + [resolved(.accepted)],
      .stockReleased, tells: ["updated"], .preparing),
    Transition(
      "the payment is taken back while stock is asked for",
      missing + [resolved(.reserved)], moved(4, .open), tells: ["updated"], .held,
      .paymentReversed, then: .reserveStock(revision: 2)),
    Transition(
      "such an order is canceled", missing + [resolved(.reserved), moved(4, .open)],
      .canceled(by: "ada", note: nil), tells: ["canceled"], .canceled,
      then: .releaseStock(revision: 3)),
    Transition(
      "what was owed has gone back", owed, refund(9, 45_000), tells: ["updated"], .canceled),
    Transition(
      "a part of it has", owed, refund(9, 44_999), tells: ["updated"], .canceled, .refundDue),
    Transition(
      "the rest has, too", owed + [refund(9, 44_000)], refund(7, 1_000, id: "ref_2"),
      tells: ["updated"], .canceled),
    Transition(
      "a refund is on its way", owed, refund(5, 45_000, false), tells: [], .canceled, .refundDue),
    Transition(
      "a refund is taken back by the chain", owed + [refund(9, 45_000)],
      refund(10, 45_000, false), tells: ["updated"], .canceled, .refundDue),
    Transition(
      "an older event of it", owed + [refund(9, 45_000)], refund(8, 45_000, false), tells: [],
      .canceled),
    Transition(
      "more has come than went back", owed + [refund(9, 45_000)], told(8, .paid, 50_000),
      tells: ["updated"], .canceled, .refundDue),
    Transition(
      "nothing more goes back", owed, .refundWaived(by: "bo", note: nil), tells: ["updated"],
      .canceled),
    Transition(
      "but more has come since", owed + [.refundWaived(by: "bo", note: nil)],
      told(8, .paid, 50_000), tells: ["updated"], .canceled, .refundDue),
    Transition(
      "an operator closes the payment", owed, told(8, .resolved, 45_000), tells: ["updated"],
      .canceled),
    Transition(
      "and more comes then",
      owed + [told(8, .resolved, 45_000, due: 45_000)], told(9, .resolved, 50_000, due: 45_000),
      tells: ["updated"], .canceled, .refundDue),
    Transition(
      "which goes back; what had gone back before doesn't count for it",
      owed + [
        refund(1, 45_000, to: .final), told(8, .resolved, 45_000, due: 45_000),
        told(9, .resolved, 50_000, due: 45_000),
      ], refund(1, 4_999, to: .final, id: "ref_2"), tells: ["updated"], .canceled, .refundDue),
    Transition(
      "in full",
      owed + [
        refund(1, 45_000, to: .final), told(8, .resolved, 45_000, due: 45_000),
        told(9, .resolved, 50_000, due: 45_000),
      ], refund(1, 5_000, to: .final, id: "ref_2"), tells: ["updated"], .canceled),
    Transition(
      "more comes for one that was closed before facts said what is due",
      owed + [told(8, .resolved, 45_000)], told(9, .resolved, 45_001, due: 45_000),
      tells: ["updated"], .canceled, .refundDue),
    Transition(
      "an operator closes the payment of what was handed over", completed + [moved(4, .open)],
      moved(5, .resolved), tells: ["updated"], .completed),
    Transition(
      "nobody waits any more for what was lost", completed + [moved(4, .expired)],
      .refundWaived(by: "bo", note: nil), tells: ["updated"], .completed),
    Transition(
      "it comes after all, and is lost again",
      completed + [
        moved(4, .expired), .refundWaived(by: "bo", note: nil), moved(5, .paid),
      ], moved(6, .open), tells: ["updated"], .completed, .paymentReversed),
    Transition(
      "what paid for an order goes back while it is made", made, refund(1, 45_000, to: .going),
      tells: ["updated"], .held, .refunding),
    Transition(
      "an order is paid whose money goes back", waiting + [refund(1, 45_000, to: .going)],
      told(3, .paid, 45_000, due: 45_000), tells: ["updated"], .held, .refunding),
    Transition(
      "what went back of a payment is known before the payment",
      [
        .stockReserved(revision: 1), early("pay_1"), early("pay_2", id: "ref_2"),
        .paymentRequested(payment),
      ], told(3, .paid, 45_000, due: 45_000), tells: ["updated"], .held, .refunding),
    Transition(
      "of another payment",
      [.stockReserved(revision: 1), early("pay_2"), .paymentRequested(payment)],
      told(3, .paid, 45_000, due: 45_000), tells: ["confirmed"], .confirmed),
    Transition(
      "of another one, once it is known", made, early("pay_2"), tells: [], .preparing),
    Transition(
      "a part of it", made, refund(1, 1, to: .going), tells: ["updated"], .held, .refunding),
    Transition(
      "what was too much goes back",
      waiting + [told(3, .paid, 46_000, due: 45_000)], refund(1, 1_000, to: .going),
      tells: ["updated"], .confirmed),
    Transition(
      "nothing goes back after all", refunding, refund(2, 45_000, to: .ended),
      tells: ["updated"], .preparing),
    Transition(
      "it has gone back", refunding, refund(2, 45_000, to: .final), tells: ["updated"], .held,
      .refunding),
    Transition(
      "the order goes on all the same", refunding, .refundWaived(by: "bo", note: "our fault"),
      tells: ["updated"], .preparing),
    Transition(
      "but not where more goes back", refunding + [.refundWaived(by: "bo", note: nil)],
      refund(1, 1, to: .going, id: "ref_2"), tells: ["updated"], .held, .refunding),
    Transition(
      "it is paid once more", refunding, told(4, .paid, 90_000, due: 45_000), tells: ["updated"],
      .preparing),
    Transition(
      "it is canceled, and nothing more is owed once it has gone back",
      refunding + [.canceled(by: "bo", note: nil)], refund(2, 45_000, to: .final),
      tells: ["updated"], .canceled),
    Transition(
      "a refund that nobody has heard of has failed", made, refund(3, 45_000, to: .ended),
      tells: [], .preparing),
    Transition(
      "a part of what it costs came, and it expired", waiting, told(4, .expired, 100),
      tells: ["canceled"], .canceled, .refundDue, then: .releaseStock(revision: 2)),
    Transition(
      "an order that was handed over is forgotten", completed, .forgotten(by: "bo"),
      tells: ["deleted"], .completed),
    Transition(
      "and again", completed + [.forgotten(by: "bo")], .forgotten(by: "bo"), tells: [], .completed),
    Transition(
      "its payment is taken back after all", completed + [.forgotten(by: "bo")], moved(9, .open),
      tells: ["updated"], .completed, .paymentReversed),
    Transition(
      "the payment of an order canceled meanwhile",
      [.stockReserved(revision: 1), .canceled(by: "ada", note: nil), .stockReleased],
      .paymentRequested(payment), tells: ["updated"], .canceled,
      then: .withdrawPayment("pay_1")),
  ]
}
