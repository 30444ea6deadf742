package import ChainTypes

/// Something that a customer is told. It keeps what others wrote as they wrote it; see `Message`.
package enum Notice: Codable, Equatable, Sendable {
  case confirmed(OrderNews)
  case preparing(OrderNews)
  /// It can be picked up; its code is put in when the message is sent.
  case ready(OrderNews)
  case completed(OrderNews)
  case canceled(OrderNews, Cancellation)
  case held(OrderNews, Hold)

  case paymentRequested(PaymentNews)
  case partiallyPaid(PaymentNews)
  /// Money came behind the deadline.
  case late(PaymentNews)
  case overpaid(PaymentNews)
  case expired(PaymentNews)

  case refundSent(RefundNews)
  case refundFinal(RefundNews)

  /// What customers choose the channels of.
  package enum Topic: String, Codable, Sendable, CaseIterable {
    case order, payment, refund
  }

  package var topic: Topic {
    switch self {
    case .confirmed, .preparing, .ready, .completed, .canceled, .held: .order
    case .paymentRequested, .partiallyPaid, .late, .overpaid, .expired: .payment
    case .refundSent, .refundFinal: .refund
    }
  }

  /// The order that it is about.
  package var order: String {
    switch self {
    case .confirmed(let news), .preparing(let news), .ready(let news), .completed(let news),
      .canceled(let news, _), .held(let news, _):
      news.order
    case .paymentRequested(let news), .partiallyPaid(let news), .late(let news),
      .overpaid(let news), .expired(let news):
      news.order
    case .refundSent(let news), .refundFinal(let news): news.order
    }
  }

  /// Why nothing comes of an order.
  package struct Cancellation: Codable, Equatable, Sendable {
    package let cause: Cause
    /// The shop's words.
    package let note: String?

    package enum Cause: String, Codable, Sendable, CaseIterable {
      /// Somebody decided it, or it isn't known why.
      case requested
      case expired
      case outOfStock = "out_of_stock"
      case paymentRefused = "payment_refused"
      case paymentCanceled = "payment_canceled"
      case paymentResolved = "payment_resolved"
    }

    package init(cause: Cause, note: String? = nil) {
      self.cause = cause
      self.note = note
    }
  }

  package enum Hold: String, Codable, Sendable, CaseIterable {
    case paymentReversed = "payment_reversed"
    case stockMissing = "stock_missing"
    case refunding
  }
}

/// An order, as far as its customer is told of it.
package struct OrderNews: Codable, Equatable, Sendable {
  package let order: String
  package let location: String
  package let items: [Item]
  /// How many more items there are than `items`.
  package let moreItems: Int
  package let total: Money

  package struct Item: Codable, Equatable, Sendable {
    package let name: String
    package let quantity: Int64

    package init(name: String, quantity: Int64) {
      self.name = name
      self.quantity = quantity
    }
  }

  package static let maximumItems = 20

  package init(order: String, location: String, items: [Item], moreItems: Int, total: Money) {
    self.order = order
    self.location = location
    self.items = items
    self.moreItems = moreItems
    self.total = total
  }
}

/// An order's payment, as far as its customer is told of it.
package struct PaymentNews: Codable, Equatable, Sendable {
  package let order: String
  /// What it takes to be paid.
  package let amount: Money
  package let received: Money
  /// What is missing of the amount.
  package let missing: Money
  /// What came above it.
  package let excess: Money
  package let chain: String
  package let address: String
  package let expiresAt: Timestamp

  package init(
    order: String, amount: Money, received: Money, missing: Money, excess: Money, chain: String,
    address: String, expiresAt: Timestamp
  ) {
    self.order = order
    self.amount = amount
    self.received = received
    self.missing = missing
    self.excess = excess
    self.chain = chain
    self.address = address
    self.expiresAt = expiresAt
  }
}

/// Money that goes back for an order.
package struct RefundNews: Codable, Equatable, Sendable {
  package let order: String
  package let amount: Money
  package let chain: String
  package let address: String
  package let txid: String?

  package init(order: String, amount: Money, chain: String, address: String, txid: String?) {
    self.order = order
    self.amount = amount
    self.chain = chain
    self.address = address
    self.txid = txid
  }
}
