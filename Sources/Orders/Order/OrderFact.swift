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
  case deadlinePassed

  // What people decide.
  case preparing(by: String)
  case ready(by: String)
  case completed(by: String)
  case canceled(by: String, note: String?)
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
  /// Another payment than the one it has.
  case hasPayment(String)
}
