/// Holds what was told last against how everything ended.
struct EndChecker {
  let told: ToldChecker
  let payments: [String: PaymentRows.Row]
  let stock: StockTruth
  /// There coinbases pay, which don't count for a hundred blocks: until then orders wait. And what
  /// is owed goes back.
  let isOnChains: Bool
  /// What stands on the chain at each address; nil where others look at that.
  let came: [String: UInt64]?

  /// Orders that wait for such money, and hold what they take meanwhile.
  private var waiting: Set<String> {
    guard isOnChains else { return [] }
    return Set(
      told.orders.filter { _, order in
        order.status == "pending"
          && order.payment.flatMap { payments[$0] }?.status == "processing"
      }.keys)
  }

  /// Orders that nobody has begun with: what they take stands on the shelf.
  private var untouched: Set<String> {
    Set(
      told.orders.filter { _, order in
        order.stock == "reserved" && (order.heldFrom ?? order.status) == "confirmed"
      }.keys)
  }

  /// - Parameter held: how many reservations hold something
  func check(held: Int64, _ findings: inout ShopFindings) {
    var (used, reserved): ([String: Int64], [String: Int64]) = ([:], [:])
    let waiting = waiting
    let holding = waiting.union(untouched)
    findings.require(
      held == holding.count, .stock, "\(held) reservations hold stock, \(holding.count) may")
    for (id, order) in told.orders {
      findings.require(
        !order.hasEnded || order.wasToldToEnd, .truth,
        "\(id) is \(order.status), which nobody was told")
      if !waiting.contains(id) { check(id, order, &findings) }
      checkMoney(id, order, &findings)
      guard order.stock == "consumed" || order.stock == "reserved" else { continue }
      findings.require(
        order.stock == (holding.contains(id) ? "reserved" : "consumed"), .stock,
        "\(id) is \(order.status), its stock \(order.stock)")
      for (product, quantity) in order.takes {
        let name = "\(order.tenant)/\(order.location)/\(product)"
        if order.stock == "consumed" {
          used[name, default: 0] += quantity
        } else {
          reserved[name, default: 0] += quantity
        }
      }
    }
    for (id, row) in payments {
      guard let order = told.payment(id)?.order, let known = told.orders[order] else { continue }
      findings.require(
        known.payment == id, .truth,
        "\(order) doesn't know of \(id), which was made for it and is \(row.status)")
      // Others are due in another coin.
      guard let payment = told.payment(id), payment.asset == "BTC" else { continue }
      findings.require(
        payment.amount == known.total, .money,
        "\(order) comes to \(known.total), and \(id) is due \(payment.amount)")
    }
    for id in stock.ids {
      guard let place = stock.places[id] else { continue }
      let name = "\(place.shop.tenant)/\(place.shop.location)/\(place.product)"
      let left = (stock.put[id] ?? 0) - (used[name] ?? 0)
      findings.require(
        told.supplies[id]?.onHand == left && told.supplies[id]?.reserved == reserved[name] ?? 0,
        .stock,
        "\(name): \(left) should be left, \(reserved[name] ?? 0) reserved; told are "
          + "\(told.supplies[id]?.onHand ?? -1), \(told.supplies[id]?.reserved ?? -1) reserved")
    }
  }

  /// What was told to have come for something that comes to nothing, and hasn't gone back. Who
  /// closes a payment has seen to the money that had come by then.
  private func owed(_ payment: String) -> UInt64 {
    guard let known = told.payment(payment) else { return 0 }
    let seenTo = known.closedAt ?? known.refunds.values.reduce(0, +)
    return known.received - min(known.received, seenTo)
  }

  /// Whether its order alone knows which refunds were of what had come before it was closed.
  private func isMixed(_ payment: String) -> Bool {
    guard let known = told.payment(payment), known.closedAt != nil else { return false }
    return !known.refunds.isEmpty
  }

  /// From the chain to the payment's row, what was told of it, and its order: the same to the last
  /// unit.
  private func checkMoney(_ id: String, _ order: ToldOrder, _ findings: inout ShopFindings) {
    guard let payment = order.payment, let row = payments[payment],
      let known = told.payment(payment)
    else { return }
    // What goes from one that has ended isn't told.
    findings.require(
      UInt64(row.received) ?? 0 <= known.received, .money,
      "\(payment) has \(row.received), and was told to have \(known.received)")
    findings.require(
      order.received ?? 0 == known.received, .money,
      "\(id) knows of \(order.received ?? 0), and \(payment) has \(known.received)")
    findings.require(
      order.refunded == known.refunds.values.reduce(0, +), .money,
      "\(id) knows of \(order.refunded) that went back, \(payment) of \(known.refunds)")
    if let came {
      findings.require(
        String(came[known.address, default: 0]) == row.received, .money,
        "\(came[known.address, default: 0]) came for \(payment), which has \(row.received)")
    }
  }

  private func check(_ id: String, _ order: ToldOrder, _ findings: inout ShopFindings) {
    let status = order.payment.flatMap { payments[$0] }?.status
    let isPaid = status == "paid" || status == "settled"
    switch order.status {
    case "pending":
      findings.require(false, .ends, "\(id) is pending, its payment \(status ?? "none")")
    case "confirmed", "preparing", "ready":
      findings.require(
        isPaid, .prepared, "\(id) is \(order.status), its payment \(status ?? "none")")
    case "held":
      let attention =
        order.stock == "missing" ? "stock_missing" : isPaid ? "refunding" : "payment_reversed"
      findings.require(
        order.attention == attention, .truth,
        "\(id) is held for \(order.attention ?? "nothing"), its payment \(status ?? "none")")
    case "completed":
      findings.require(
        order.attention == (isPaid || status == "resolved" ? nil : "payment_reversed"), .prepared,
        "\(id) is completed for \(order.attention ?? "nothing"), its payment \(status ?? "none")")
    case "canceled":
      let owed = order.payment.map { self.owed($0) } ?? 0
      findings.require(
        (order.attention == "refund_due") == (owed > 0) || order.payment.map(isMixed) == true,
        .money,
        "\(id) is canceled for \(order.attention ?? "nothing"), and owes \(owed) of what came")
      findings.require(
        order.stock != "reserved", .stock, "\(id) is canceled and holds stock")
    default: findings.require(false, .truth, "\(id) is \(order.status)")
    }
  }
}
