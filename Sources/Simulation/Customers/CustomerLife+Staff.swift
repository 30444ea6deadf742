internal import Bytes
internal import Database
internal import HTTPServer
internal import JSON
internal import Orders
internal import Payments
internal import Settlement
internal import Supply

// Baristas, who keeps the stock, and who looks after what went wrong.
extension CustomerLife {
  /// Whatever the counter's screen shows, somebody takes an order one step further.
  func beStaff() async throws {
    let waiting = told.open.filter {
      ["confirmed", "preparing", "ready"].contains(told.orders[$0]?.status)
    }
    guard let order = (chance(1, in: 8) ? told.open : waiting).randomElement(using: &random),
      let known = told.orders[order]
    else { return }
    let fact: OrderFact
    switch known.status {
    case "confirmed": fact = .preparing(by: "bo")
    case "preparing": fact = .ready(by: "bo")
    case "ready":
      guard chance(1, in: 10) else { return }
      fact = .completed(by: "bo")
    // Now and then somebody presses what can't be.
    case "pending", "held":
      guard chance(1, in: 2) else { return }
      fact = [.preparing(by: "bo"), .completed(by: "bo")][Int.random(in: 0...1, using: &random)]
    default: return
    }
    try await decide(order, of: known.tenant) { _ in fact }
  }

  // MARK: Stock

  /// All shops begin with a first delivery.
  func open() async throws {
    if let pipeline { try await pipeline.begin() }
    try await fill()
    try await watch()
    for shop in Shop.all {
      for product in Shop.products {
        try await found(shop, product.name, shop.cupsPerDelivery * product.cup)
      }
    }
    try await subscribe()
    try await learn()
  }

  private func found(_ shop: Shop, _ product: String, _ quantity: Int64) async throws {
    let (now, random) = (time.now, (random.next(), random.next()))
    let new = SupplyService.NewSupply(
      location: shop.location, product: product, unit: "g",
      details: SupplyDetails(lowAt: quantity / 5), onHand: quantity)
    let id = try await keyed(shop.tenant, "/v1/supplies") { service, connection in
      try service.create(new, tenant: shop.tenant, now: now, random: random, in: connection)
    }
    stock.found(id, product, at: shop, quantity)
  }

  /// Something is delivered, thrown away or counted.
  func beStoreKeeper() async throws {
    guard let id = stock.ids.randomElement(using: &random), let place = stock.places[id] else {
      return
    }
    let delivery = place.shop.cupsPerDelivery * place.cup
    let fact: SupplyFact
    var there: Int64 = 0
    switch Int.random(in: 0..<8, using: &random) {
    case 0..<4: fact = .adjusted(change: delivery, reason: .delivery, by: "jo", note: nil)
    case 4:
      let waste = Int64.random(in: 1...max(1, delivery / 8), using: &random)
      fact = .adjusted(change: -waste, reason: .waste, by: "jo", note: nil)
    default:
      // What is really there, or a little less.
      try await learn()
      there = told.supplies[id]?.onHand ?? 0
      let found = max(0, there - Int64.random(in: 0...3, using: &random))
      fact = .counted(onHand: found, by: "jo", note: nil)
    }
    do {
      let now = time.now
      _ = try await keyed(place.shop.tenant, "/v1/supplies/\(id)/adjust") { service, connection in
        try service.change(id, tenant: place.shop.tenant, now: now, in: connection) { _ in fact }
      }
    } catch let refusal as SupplyRefusal {
      return refused(refusal, id)
    }
    note("\(id): \(fact)")
    switch fact {
    case .adjusted(let change, _, _, _): stock.put(change, into: id)
    case .counted(let found, _, _): stock.put(found - there, into: id)
    default: break
    }
  }

  /// Asks under one key until somebody answers; the supply's id.
  private func keyed(
    _ tenant: String, _ path: String,
    _ body: @escaping @Sendable (SupplyService, any SQLConnection) throws -> SupplyItem
  ) async throws -> String {
    let key = try IdempotencyKey(
      "key-\(random.next())", method: "POST", path: path, body: Array(path.utf8))
    for _ in 0..<20 {
      var id: String?
      var refusal: SupplyRefusal?
      let (process, now) = (process, time.now)
      let service = process.stock
      endanger(.desk)
      let isAnswered = try await surviving(.desk) {
        do {
          let reply = try await Idempotency.once(
            key, tenant: tenant, now: now, on: process.database
          ) { try body(service, $0).document(telling: nil) }
          id = try JSONValue(parsing: reply.body)["id"]?.string
        } catch let error as SupplyRefusal {
          refusal = error
        }
      }
      if let refusal { throw refusal }
      if isAnswered, let id { return id }
    }
    throw Broken(reasons: ["nobody answers \(path)"])
  }

  // MARK: Operators

  /// Somebody accepts or closes what waits for people, or cancels what can't go on.
  func beOperator() async throws {
    guard let id = told.payments.randomElement(using: &random), let known = told.payment(id)
    else { return }
    if let order = known.order, let shown = told.orders[order], shown.status == "held",
      chance(1, in: 2)
    {
      return try await decide(order, of: shown.tenant) { _ in
        .canceled(by: "operator", note: "can't be")
      }
    }
    // There operators decide by themselves.
    guard ground == .script else { return }
    let fact: PaymentFact
    switch (known.status, known.received) {
    case ("expired", 1...): fact = .accepted(due: UInt256(known.received), by: "operator")
    case ("expired", _), ("canceled", _):
      guard chance(1, in: 10) else { return }
      fact = .resolved(by: "operator", reason: "closed")
    default: return
    }
    let (process, now, service) = (process, time.now, process.payments)
    endanger(.desk)
    try await surviving(.desk) {
      do {
        _ = try await process.database.groupedWrite { connection in
          try service.decide(fact, on: id, tenant: nil, now: now, in: connection)
        }
        note("\(id): \(fact)")
      } catch let refusal as PaymentError {
        refused(refusal, id)
      }
    }
  }
}
