package import Bytes
package import ChainTypes
package import Supply

/// Something that happened to an order. The facts in their order are all that its state is made of.
package enum OrderFact: Codable, Equatable, Sendable {
  case placed(OrderTerms, items: [OrderItem], payment: PaymentChoice?)
  case changed(items: [OrderItem], by: String)
  /// Its payment is to be requested.
  case paymentChosen(PaymentChoice)

  // What the services that it needs have answered.
  case stockReserved(revision: Int64)
  case stockRefused(revision: Int64, shortages: [StockShortage])
  case stockConsumed
  case stockMissing
  case stockReleased
  case paymentRequested(RequestedPayment)
  case paymentRefused(reason: String)
  /// Nobody waits for it any more: it was canceled, or can't be, for money has come.
  case paymentWithdrawn

  /// What the payment's event of this sequence tells.
  case paymentMoved(id: String, sequence: Int64, to: PaymentLevel)
  /// The same with what had come, seen or in blocks, and the least that pays for it (`due`), in
  /// minor units. Facts that were recorded before don't say that, and mean what they did.
  case paymentTold(
    id: String, sequence: Int64, level: PaymentLevel, received: UInt256, due: UInt256? = nil)
  /// What a refund's event of this sequence tells: so much goes back, or has for good. Recorded
  /// until `refundMoved` was; holds no order.
  case refundTold(id: String, sequence: Int64, amount: UInt256, isFinal: Bool)
  /// What a refund's event of this sequence tells of it. Without the payment's id it is of the
  /// order's; with one it may come before the order knows its payment.
  case refundMoved(
    id: String, sequence: Int64, amount: UInt256, to: RefundLevel, payment: String? = nil)
  case deadlinePassed

  // What people decide.
  case preparing(by: String)
  case ready(by: String)
  case completed(by: String)
  case canceled(by: String, note: String?)

  /// Claiming has handed it over to who showed its code.
  case claimed(claim: String, by: String)

  /// How a paid order goes on whose stock is missing.
  case stockResolved(StockResolution, by: String, note: String?)
  /// Nothing more of what came for a canceled order goes back; one that was handed over isn't paid
  /// again; one that waits goes on, although its money goes back.
  case refundWaived(by: String, note: String?)
  /// What it says of people is to be forgotten.
  case forgotten(by: String)
}

/// What is done about stock that a paid order lacks.
package enum StockResolution: Codable, Equatable, Sendable {
  /// The same is asked for again.
  case reserved
  /// These items are made in place of the former ones, at the same total.
  case substituted([OrderItem])
  /// It is made of what is at hand, and no stock counts it.
  case accepted
}

/// The payment that an order has been given.
package struct RequestedPayment: Codable, Equatable, Sendable {
  /// `pay_…`
  package let id: String
  package let address: String
  /// What a wallet opens.
  package let uri: String
  package let expiresAt: Timestamp

  package init(id: String, address: String, uri: String, expiresAt: Timestamp) {
    self.id = id
    self.address = address
    self.uri = uri
    self.expiresAt = expiresAt
  }
}

/// Why a fact can't happen to an order as it stands. Nothing was written.
package enum OrderRefusal: Error, Equatable, Sendable {
  case notPlaced
  case placedAlready(String)
  case notFound(String)
  /// What it comes to has no room in 256 bits.
  case totalTooLarge
  /// More of the product than any stock can hold.
  case tooMuch(String)
  /// Only pending orders whose payment nobody has asked for can be changed.
  case notChangeable(OrderStatus)
  case notPayable(OrderStatus)
  /// Money is on its way, or it is too far.
  case notCancelable(OrderStatus)
  /// The status can't follow this one.
  case notPossible(OrderStatus, to: OrderStatus)
  /// It needs no such decision.
  case notResolvable(OrderStatus)
  /// Other items come to another sum than was paid for.
  case otherTotal
  /// It hasn't ended, or somebody must still see to it.
  case notForgettable(OrderStatus)
  /// Another payment than the one it has.
  case hasPayment(String)
}
