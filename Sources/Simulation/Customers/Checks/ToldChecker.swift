internal import JSON

/// Remembers everything that was told, and holds what is told next against that: streams without
/// gaps, steps that an order can take, sums, stock that moves as it says, money before work.
struct ToldChecker {
  private(set) var position: Int64 = 0
  private(set) var orders: [String: ToldOrder] = [:]
  private(set) var supplies: [String: ToldSupply] = [:]
  var claims: [String: ToldClaim] = [:]
  private var paid: [String: ToldPayment] = [:]
  /// Payments' ids in the order in which they were told.
  private(set) var payments: [String] = []
  /// Orders that haven't ended, in the order in which they were told.
  private(set) var open: [String] = []
  /// Those of which something was told since they were last taken.
  private var touched: [String] = []
  private var sequences: [String: Int64] = [:]
  private var ids: Set<[UInt8]> = []

  func payment(_ id: String) -> ToldPayment? { paid[id] }

  /// How many events a subject has told.
  func sequence(of subject: String) -> Int64 { sequences[subject] ?? 0 }

  mutating func takeTouchedPayments() -> [String] {
    defer { touched = [] }
    return touched
  }

  mutating func learn(_ events: [ToldEvent], _ findings: inout ShopFindings) throws {
    for event in events {
      findings.require(
        event.position > position, .streams, "position \(event.position) comes again")
      position = max(position, event.position)
      let expected = (sequences[event.subject] ?? 0) + 1
      findings.require(
        event.sequence == expected, .streams,
        "\(event.subject) tells number \(event.sequence) after \(expected - 1)")
      sequences[event.subject] = event.sequence
      findings.require(
        ids.insert(event.id).inserted, .streams, "\(event.subject) tells an event's id again")
      switch event.type.prefix(while: { $0 != "." }) {
      case "order": try learnOrder(event, &findings)
      case "supply": try learnSupply(event, &findings)
      case "payment": try learnPayment(event, &findings)
      case "claim": try learnClaim(event, &findings)
      case "refund": try learnRefund(event)
      default: break
      }
    }
  }

  // MARK: Orders

  /// What an order can become, by what it is.
  private static let steps: [String: Set<String>] = [
    // Held where what pays for it is on its way back.
    "pending": ["pending", "confirmed", "held", "canceled"],
    "confirmed": ["confirmed", "preparing", "held", "canceled"],
    "preparing": ["preparing", "ready", "held"],
    "ready": ["ready", "completed", "held"],
    // Who has it has it, also where it was held meanwhile.
    "held": ["held", "confirmed", "preparing", "ready", "completed", "canceled"],
    "completed": ["completed"],
    "canceled": ["canceled"],
  ]

  private mutating func learnOrder(
    _ event: ToldEvent, _ findings: inout ShopFindings
  ) throws {
    let (id, data) = (event.subject, try JSONValue(parsing: Array(event.data.utf8)))
    let before = orders[id]
    var order = try ToldOrder(data, tenant: event.tenant ?? "")
    if order.status == "held" {
      order.heldFrom =
        switch before?.status {
        case "held": before?.heldFrom
        case "pending": "confirmed"
        case let status: status
        }
      findings.require(
        before?.status != "pending" || data["attention"]?.string == "refunding", .streams,
        "\(id) is held before it was confirmed, for \(data["attention"]?.string ?? "nothing")")
    }
    order.wasReady = before?.wasReady == true || order.status == "ready"
    order.wasToldToEnd = before?.wasToldToEnd == true || event.word == order.status
    orders[id] = order
    if before == nil { open.append(id) }
    // The second word about one fact.
    if let before, before.version == order.version {
      return findings.require(
        event.word == "completed" && before.document == order.document, .truth,
        "\(id) tells \(event.word) besides")
    }
    if order.hasEnded, before?.hasEnded != true { open.removeAll { $0 == id } }
    findings.require(
      data["from"]?.string == before?.status && data["to"]?.string == order.status, .truth,
      "\(id) tells a step from \(data["from"]?.string ?? "nothing") to "
        + "\(data["to"]?.string ?? "nothing"), and was \(before?.status ?? "nothing")")
    let isStep = before.map { Self.steps[$0.status]?.contains(order.status) ?? false } ?? true
    findings.require(
      isStep, .streams, "\(id) went from \(before?.status ?? "") to \(order.status)")
    let word = Self.word(of: order, after: before)
    findings.require(
      event.word == word, .truth, "\(id) tells \(event.word), and became \(order.status)")
    if let claim = order.claim, before?.claim == nil {
      findings.require(
        claims[claim]?.order == id && claims[claim]?.status == "processed"
          && order.wasReady, .claims, "\(id) says that \(claim) has handed it over")
    }
    findings.require(
      before?.status != "held" || order.status != "completed" || order.claim != nil, .claims,
      "\(id) was held, and is completed by nobody's claim")
    if ["confirmed", "preparing", "ready"].contains(order.status) {
      findings.require(
        order.paymentLevel == "paid", .prepared,
        "\(id) is \(order.status), its payment \(order.paymentLevel ?? "none")")
      findings.require(
        order.payment.flatMap { paid[$0] }?.wasPaid ?? false, .prepared,
        "\(id) is \(order.status), and nobody was told that it is paid")
    }
    findings.require(
      data["total_minor"]?.string == String(order.total), .money,
      "\(id) comes to \(order.total), and says \(data["total_minor"]?.string ?? "")")
    if data["payment"]?["asset"]?.string == "BTC",
      let amount = data["payment"]?["amount_minor"]?.string
    {
      findings.require(
        amount == String(order.total), .money, "\(id) comes to \(order.total), to pay \(amount)")
    }
    if let payment = order.payment, let known = paid[payment] {
      findings.require(
        known.order == id && known.tenant == order.tenant
          && data["payment"]?["address"]?.string == known.address, .truth,
        "\(id) names \(payment), which is another's")
    }
  }

  private static func word(of order: ToldOrder, after before: ToldOrder?) -> String {
    guard let before else { return "created" }
    if order.claim != before.claim { return "claimed" }
    let isReturn = before.status == "held" && !order.hasEnded
    return before.status == order.status || isReturn || order.status == "held"
      ? "updated" : order.status
  }

  // MARK: Stock

  private mutating func learnSupply(
    _ event: ToldEvent, _ findings: inout ShopFindings
  ) throws {
    let (id, data) = (event.subject, try JSONValue(parsing: Array(event.data.utf8)))
    let onHand = data["on_hand"]?.integer(Int64.self) ?? -1
    let reserved = data["reserved"]?.integer(Int64.self) ?? -1
    findings.require(
      0 <= reserved && reserved <= onHand
        && data["available"]?.integer(Int64.self) == onHand - reserved, .stock,
      "\(id) tells \(reserved) reserved of \(onHand)")
    guard event.word != "created", var supply = supplies[id] else {
      supplies[id] = ToldSupply(onHand: onHand, reserved: reserved)
      return
    }
    // What is told besides the same change tells nothing of its own.
    if event.word == "updated" {
      let quantity = data["change"]?["quantity"]?.integer(Int64.self) ?? 0
      switch data["change"]?["kind"]?.string {
      case "adjusted", "counted": supply.onHand += quantity
      case "reserved": supply.reserved += quantity
      case "released": supply.reserved -= quantity
      case "consumed":
        supply.reserved -= quantity
        supply.onHand -= quantity
        supply.used += quantity
      case "returned":
        supply.onHand += quantity
        supply.used -= quantity
      default: break
      }
    }
    supply.isDeleted = event.word == "deleted"
    findings.require(
      supply.onHand == onHand && supply.reserved == reserved, .stock,
      "\(id) has \(supply.reserved) of \(supply.onHand) by its changes, and tells \(reserved) of "
        + "\(onHand)")
    supplies[id] = supply
  }

  // MARK: Payments

  private mutating func learnPayment(
    _ event: ToldEvent, _ findings: inout ShopFindings
  ) throws {
    let (id, data) = (event.subject, try JSONValue(parsing: Array(event.data.utf8)))
    let amount = data["amount_minor"]?.string.flatMap(UInt64.init) ?? 0
    if paid[id] == nil { payments.append(id) }
    var payment =
      paid[id]
      ?? ToldPayment(
        tenant: event.tenant ?? "", order: data["order_id"]?.string,
        address: data["address"]?.string ?? "", asset: data["asset"]?.string ?? "",
        amount: amount)
    payment.status = data["status"]?.string ?? ""
    payment.received = data["received_minor"]?.string.flatMap(UInt64.init) ?? 0
    if event.word == "resolved" { payment.closedAt = payment.received }
    if ["paid", "settled"].contains(event.word) {
      findings.require(
        ["paid", "settled"].contains(payment.status), .truth,
        "\(id) is told to be \(event.word), and is \(payment.status)")
      payment.wasPaid = true
    }
    paid[id] = payment
    touched.append(id)
  }

  private mutating func learnRefund(_ event: ToldEvent) throws {
    let data = try JSONValue(parsing: Array(event.data.utf8))
    guard event.word == "final", let payment = data["payment_id"]?.string else { return }
    let amount = data["amount_minor"]?.string.flatMap { UInt64($0) }
    paid[payment]?.refunds[event.subject] = amount
  }
}

extension ToldOrder {
  init(_ data: JSONValue, tenant: String) throws {
    self.init(tenant: tenant)
    status = data["status"]?.string ?? ""
    stock = data["stock"]?.string ?? ""
    attention = data["attention"]?.string
    cancellation = data["cancellation"]?["reason"]?.string
    customer = data["customer"]?.string
    location = data["location"]?.string ?? ""
    payment = data["payment"]?["id"]?.string
    paymentLevel = data["payment"]?["status"]?.string
    received = data["payment"]?["received_minor"]?.string.flatMap { UInt64($0) }
    refunded = data["payment"]?["refunded_minor"]?.string.flatMap { UInt64($0) } ?? 0
    claim = data["claim"]?["id"]?.string
    version = data["version"]?.integer(Int64.self) ?? 0
    for item in data["items"]?.elements ?? [] {
      let quantity = item["quantity"]?.integer(Int64.self) ?? 0
      var piece = Self.satoshi(item["unit_price"])
      var lines = item["stock"]?.elements ?? []
      for extra in item["customizations"]?.elements ?? [] {
        piece += Self.satoshi(extra["price"])
        lines += extra["stock"]?.elements ?? []
      }
      total += piece * UInt64(max(0, quantity))
      for line in lines {
        let each = line["quantity"]?.integer(Int64.self) ?? 0
        takes[line["product"]?.string ?? "", default: 0] += each * quantity
      }
    }
    if case .object(let members) = data {
      document = members.filter { !["from", "to"].contains($0.name) }
    }
  }

  /// Of a decimal text in bitcoin.
  private static func satoshi(_ units: JSONValue?) -> UInt64 {
    let parts = (units?.string ?? "").split(separator: ".", omittingEmptySubsequences: false)
    guard let whole = parts.first.flatMap({ UInt64($0) }) else { return 0 }
    let decimals = parts.count > 1 ? String(parts[1]) : ""
    let padded = decimals + String(repeating: "0", count: max(0, 8 - decimals.count))
    return whole * 100_000_000 + (UInt64(padded) ?? 0)
  }
}
