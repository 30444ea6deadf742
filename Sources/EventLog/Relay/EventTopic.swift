/// The topics of the event stream. An event's type says which one it belongs to.
package enum EventTopic: Int, Sendable, Hashable, CaseIterable {
  case payment
  case order
  case supply
  case claim
  case notification
  case price
  case shop
  case product
  case chain

  /// The topic's name at the brokers: `payment-events`, ….
  package var name: String {
    switch self {
    case .payment: "payment-events"
    case .order: "order-events"
    case .supply: "supply-events"
    case .claim: "claim-events"
    case .notification: "notification-events"
    case .price: "price-events"
    case .shop: "shop-events"
    case .product: "product-events"
    case .chain: "chain-events"
    }
  }

  package init?(name: some StringProtocol) {
    guard let topic = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = topic
  }

  /// The topic of events of `type`, by the word before its first dot; nil where no topic takes
  /// such events.
  package init?(eventType type: String) {
    guard let dot = type.utf8.firstIndex(of: UInt8(ascii: ".")) else { return nil }
    switch type[..<dot] {
    case "payment", "transfer", "income", "refund", "sweep": self = .payment
    case "order": self = .order
    case "supply": self = .supply
    case "claim": self = .claim
    case "notification": self = .notification
    case "price": self = .price
    case "shop": self = .shop
    case "product": self = .product
    case "chain", "reconciliation": self = .chain
    default: return nil
    }
  }
}
