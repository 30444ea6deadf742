/// The topics of the event stream. An event's type says which one it belongs to.
///
/// Those that have events, and no others: a topic's number of partitions is for ever, so it is made
/// when something comes to be published on it.
package enum EventTopic: Int, Sendable, Hashable, CaseIterable {
  case payment
  case chain
  case order
  case supply
  case notification
  case price
  case claim

  /// The topic's name at the brokers.
  package var name: String {
    switch self {
    case .payment: "payment-events"
    case .chain: "chain-events"
    case .order: "order-events"
    case .supply: "supply-events"
    case .notification: "notification-events"
    case .price: "price-events"
    case .claim: "claim-events"
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
    case "payment", "transfer", "income", "refund", "sweep", "withdrawal", "void", "outgoing":
      self = .payment
    case "chain", "reconciliation": self = .chain
    case "order": self = .order
    case "supply": self = .supply
    case "notification", "webhook": self = .notification
    case "price": self = .price
    case "claim": self = .claim
    default: return nil
    }
  }
}
