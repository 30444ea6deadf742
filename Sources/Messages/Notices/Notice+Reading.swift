internal import Bytes
internal import ChainTypes
package import JSON

/// The data of an event that lacks what every such event has.
package struct NoticeError: Error, Equatable, Sendable, CustomStringConvertible {
  package let type: String

  package init(type: String) { self.type = type }

  package var description: String { "no data of \(type)" }
}

// What events tell customers.
extension Notice {
  /// The types of events that may tell one.
  package static let eventTypes: Set<String> = [
    "order.confirmed", "order.preparing", "order.ready", "order.completed", "order.canceled",
    "order.updated", "payment.created", "payment.partially_paid", "payment.late",
    "payment.overpaid", "payment.expired", "payment.expired_partial", "refund.broadcast",
    "refund.final",
  ]

  /// What an event of an order tells its customer; nil where it is nothing, or was told with
  /// another event.
  ///
  /// - Parameter isCurrency: whether a code is a state's currency
  package init?(
    orderEvent type: String, data: JSONValue, isCurrency: (String) -> Bool
  ) throws(NoticeError) {
    func news() throws(NoticeError) -> OrderNews {
      guard let news = OrderNews(data, isCurrency: isCurrency) else {
        throw NoticeError(type: type)
      }
      return news
    }
    switch type {
    case "order.confirmed": self = .confirmed(try news())
    case "order.preparing": self = .preparing(try news())
    case "order.ready": self = .ready(try news())
    case "order.completed": self = .completed(try news())
    case "order.canceled":
      let reason = data["cancellation"]?["reason"]?.string
      // The payment's own event has told that.
      guard reason != "payment_expired" else { return nil }
      let cause = reason.flatMap(Cancellation.Cause.init) ?? .requested
      // Other notes are for the shop.
      let note = cause == .requested ? data["cancellation"]?["note"]?.string : nil
      self = .canceled(try news(), Cancellation(cause: cause, note: note))
    case "order.updated":
      switch (data["from"]?.string, data["to"]?.string) {
      // It goes on: who was told that it waits is told where it stands again.
      case ("held", "confirmed"): self = .confirmed(try news())
      case ("held", "preparing"): self = .preparing(try news())
      case ("held", "ready"): self = .ready(try news())
      case ("held", "held"): return nil
      case (_, "held"):
        guard let hold = data["attention"]?.string.flatMap(Hold.init) else { return nil }
        self = .held(try news(), hold)
      default: return nil
      }
    default: return nil
    }
  }

  /// What an event of an order's payment tells the order's customer.
  package init?(paymentEvent type: String, data: JSONValue) throws(NoticeError) {
    func news() throws(NoticeError) -> PaymentNews {
      guard let news = PaymentNews(data) else { throw NoticeError(type: type) }
      return news
    }
    switch type {
    case "payment.created": self = .paymentRequested(try news())
    case "payment.partially_paid": self = .partiallyPaid(try news())
    case "payment.late": self = .late(try news())
    case "payment.overpaid": self = .overpaid(try news())
    case "payment.expired", "payment.expired_partial": self = .expired(try news())
    default: return nil
    }
  }

  /// What an event of a refund tells the customer of the order whose payment it is of.
  package init?(refundEvent type: String, data: JSONValue, order: String) throws(NoticeError) {
    switch type {
    case "refund.broadcast", "refund.final":
      guard let news = RefundNews(data, order: order) else { throw NoticeError(type: type) }
      self = type == "refund.final" ? .refundFinal(news) : .refundSent(news)
    default: return nil
    }
  }
}

extension OrderNews {
  fileprivate init?(_ data: JSONValue, isCurrency: (String) -> Bool) {
    guard let id = data["id"]?.string, let location = data["location"]?.string,
      let items = data["items"]?.elements, let currency = data["currency"]?.string,
      let total = data["total"]?.string,
      let money = Money(units: total, symbol: currency, isCurrency: isCurrency(currency))
    else { return nil }
    self.init(
      order: id, location: location,
      items: items.prefix(Self.maximumItems).map { item in
        Item(
          name: item["name"]?.string ?? item["product"]?.string ?? "",
          quantity: item["quantity"]?.integer(Int64.self) ?? 1)
      }, moreItems: max(0, items.count - Self.maximumItems), total: money)
  }
}

extension PaymentNews {
  fileprivate init?(_ data: JSONValue) {
    guard let order = data["order_id"]?.string, let asset = data["asset"]?.string,
      let amount = data["amount"]?.string.flatMap({ Money(units: $0, symbol: asset) }),
      let chain = data["chain"]?.string, let address = data["address"]?.string,
      let expiresAt = data["expires_at"]?.string.flatMap({ Timestamp(rfc3339: $0) })
    else { return nil }
    func minor(_ name: String) -> Money? {
      guard let value = data[name]?.string.flatMap({ try? UInt256(decimal: $0) }) else {
        return nil
      }
      let asset = Asset(symbol: amount.symbol, decimals: amount.decimals)
      return Money(Amount(minorUnits: value, asset: asset), isCurrency: false)
    }
    guard let due = minor("due_minor"), let received = minor("received_minor"),
      let missing = minor("shortfall_minor"), let excess = minor("overpaid_by_minor")
    else { return nil }
    self.init(
      order: order, amount: due, received: received, missing: missing, excess: excess,
      chain: chain, address: address, expiresAt: expiresAt)
  }
}

extension RefundNews {
  fileprivate init?(_ data: JSONValue, order: String) {
    guard let asset = data["asset"]?.string,
      let amount = data["amount"]?.string.flatMap({ Money(units: $0, symbol: asset) }),
      let chain = data["chain"]?.string, let address = data["address"]?.string
    else { return nil }
    self.init(
      order: order, amount: amount, chain: chain, address: address, txid: data["txid"]?.string)
  }
}

extension Money {
  /// From units with all decimals, as events have them: `0.00012000`.
  fileprivate init?(units text: String, symbol: String, isCurrency: Bool = false) {
    let decimals = text.firstIndex(of: ".").map { text[text.index(after: $0)...].utf8.count } ?? 0
    guard let count = UInt8(exactly: decimals), count <= 77,
      let amount = try? Amount(units: text, asset: Asset(symbol: symbol, decimals: count))
    else { return nil }
    self.init(amount, isCurrency: isCurrency)
  }
}
