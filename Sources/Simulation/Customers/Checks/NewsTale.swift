internal import ChainTypes
internal import JSON

/// What an event should tell its order's customer: the words that must stand in a message.
struct NewsTale {
  let order: String
  var isOfPayment = false
  var push: [String] = []
  var mail: [String] = []
  /// How an order may have ended of which this was told last; nil for what doesn't say how it is.
  var outcomes: Set<String>?
  /// What the order is while this is so; nil for what stays so.
  var statuses: Set<String>?
  /// From when on it asks for something that can't be done any more.
  var end: Int64?
  var mayTellCode = false
  /// Of one that had been paid its order tells that it is held instead.
  var isExpiry = false

  init(order: String) { self.order = order }

  /// Nil for events that tell customers nothing.
  init?(_ event: ToldEvent, _ data: JSONValue, of order: String) {
    self.init(order: order)
    let isTale =
      switch event.type.prefix(while: { $0 != "." }) {
      case "order": tellOrder(event, data)
      case "payment": tellPayment(event, data)
      default: tellRefund(event)
      }
    guard isTale else { return nil }
    mail.append("Order: \(order)\n")
  }

  // MARK: Orders

  private mutating func tellOrder(_ event: ToldEvent, _ data: JSONValue) -> Bool {
    let (from, to) = (data["from"]?.string, data["to"]?.string ?? "")
    switch event.word {
    case "updated":
      guard from != to, from == "held" || to == "held" else { return false }
      if to == "held" {
        push = ["Your order has to wait."]
        let reason =
          switch data["attention"]?.string {
          case "stock_missing": "missing from our stock"
          case "refunding": "on its way back to you"
          default: "has taken back the payment"
          }
        mail = [reason]
      } else {
        tellStatus(to)
      }
    case "canceled":
      let reason = data["cancellation"]?["reason"]?.string
      // Its payment's event tells that.
      if reason == "payment_expired" { return false }
      push = ["Your order was canceled."]
      mail = [Self.reasons[reason ?? ""] ?? "Your order was canceled."]
    case "confirmed", "preparing", "ready", "completed": tellStatus(event.word)
    default: return false
    }
    if !["completed", "canceled"].contains(to) { statuses = [to] }
    outcomes = [to]
    let total = data["total_minor"]?.string.flatMap { UInt64($0) } ?? 0
    mail.append("Total: \(Self.bitcoin(total))\n")
    for item in data["items"]?.elements ?? [] {
      let quantity = item["quantity"]?.integer(Int64.self) ?? 0
      mail.append("\(quantity) × \(item["product"]?.string ?? "")\n")
    }
    return true
  }

  private mutating func tellStatus(_ status: String) {
    switch status {
    case "confirmed": (push, mail) = (["Your order is paid and confirmed."], ["is confirmed."])
    case "preparing":
      (push, mail) = (["Your order is being prepared."], ["begun to prepare your order."])
    case "ready":
      (push, mail) = (["Your order is ready."], ["Your order is ready. ", "Where: "])
      mayTellCode = true
    default:
      (push, mail) = (["Your order was handed over."], ["Your order was handed over. Enjoy it!"])
    }
  }

  private static let reasons = [
    "expired": "because it was not paid in time",
    "out_of_stock": "not everything in it is in stock",
    "payment_refused": "could not be paid in the chosen way",
    "payment_canceled": "canceled together with its payment",
    "payment_resolved": "its payment was closed in another way",
  ]

  // MARK: Money

  private mutating func tellPayment(_ event: ToldEvent, _ data: JSONValue) -> Bool {
    isOfPayment = true
    func minor(_ name: String) -> UInt64 { data[name]?.string.flatMap { UInt64($0) } ?? 0 }
    let (due, received) = (minor("due_minor"), minor("received_minor"))
    let isBitcoin = data["asset"]?.string == "BTC"
    func amount(_ value: UInt64) -> String { isBitcoin ? Self.bitcoin(value) : "" }
    let missing = amount(due - min(due, received))
    // Of what came some may not count.
    let excess = amount(minor("overpaid_by_minor"))
    let expiry = data["expires_at"]?.string.flatMap { Timestamp(rfc3339: $0) }?.microseconds
    switch event.word {
    case "created":
      push = ["Please pay \(amount(due))"]
      mail = ["Please pay \(amount(due))", "Address: \(data["address"]?.string ?? "")\n"]
      (statuses, end) = (["pending"], expiry)
    case "partially_paid":
      push = ["\(missing) is still missing"]
      mail = [
        "received \(amount(received))", "\(missing) is still missing",
        "Address: \(data["address"]?.string ?? "")\n",
      ]
      (statuses, end) = (["pending"], expiry)
    case "late":
      (push, mail) = (["came after its deadline"], ["came after its deadline"])
    case "overpaid":
      push = ["You have paid \(excess)", "too much"]
      mail = ["\(amount(received))", "which is \(excess)"]
    case "expired", "expired_partial":
      push = ["The time to pay for your order is over."]
      mail =
        received == 0
        ? ["Nothing came for your order"] : ["Of \(amount(due))", "only \(amount(received))"]
      outcomes = ["canceled"]
      isExpiry = true
    default: return false
    }
    return true
  }

  private mutating func tellRefund(_ event: ToldEvent) -> Bool {
    switch event.word {
    case "broadcast": (push, mail) = (["is on its way"], ["is on its way"])
    case "final": (push, mail) = (["has arrived"], ["has arrived"])
    default: return false
    }
    return true
  }

  /// As people write it, of satoshi.
  private static func bitcoin(_ satoshi: UInt64) -> String {
    let digits = String(satoshi)
    let padded = String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    var fraction = padded.suffix(8)
    while fraction.last == "0" { fraction.removeLast() }
    let whole = padded.dropLast(8)
    return "\(whole)\(fraction.isEmpty ? "" : ".")\(fraction)\u{a0}BTC"
  }
}
