internal import Bytes
internal import ChainTypes
internal import Database
internal import HTTPServer
internal import JSON
internal import Orders

// What customers do. They know what they were answered, and nothing else.
extension CustomerLife {
  func arrive() async throws {
    guard customers.count < crowd,
      let shop = Shop.all.randomElement(using: &random),
      let manner = Customer.Manner.allCases.randomElement(using: &random)
    else { return try await beCustomer() }
    let name = "c\(customers.count)"
    // Most pay as they should.
    let isPlain = chance(1, in: 2)
    customers.append(
      Customer(
        name: name, shop: shop, manner: isPlain ? .exactly : manner, key: "order-\(name)",
        wishes: NewsWishes(&random), items: Shop.items(&random), paysAtOnce: chance(2, in: 3),
        paymentSeconds: Int64.random(in: 60...1_800, using: &random)))
    present.append(customers.count - 1)
    try await askForNews(customers[customers.count - 1])
    try await place(customers.count - 1)
  }

  func beCustomer() async throws {
    guard let place = present.randomElement(using: &random) else { return }
    guard let order = customers[place].order else { return try await self.place(place) }
    customers[place].looks += 1
    let tenant = customers[place].shop.tenant
    var shown: JSONValue?
    try await surviving(.desk) {
      let (orders, id) = (process.orders, order)
      let text = try await process.database.read(as: tenant) {
        try orders.order(id, tenant: tenant, in: $0).document(telling: nil)
      }
      shown = try JSONValue(parsing: Array(text.utf8))
    }
    if let shown {
      try await learn()
      try checkTold(order, shown)
      try await act(place, order, shown)
    }
    if customers[place].looks > 16 { leave(place) }
  }

  /// What somebody is shown is what was told last.
  private func checkTold(_ order: String, _ shown: JSONValue) throws {
    var findings = ShopFindings()
    findings.require(
      told.orders[order].map { .object($0.document) } == shown, .truth,
      "\(order) is shown otherwise than it was told")
    try findings.expectNone()
  }

  private func leave(_ place: Int) {
    customers[place].isDone = true
    present.removeAll { $0 == place }
  }

  // MARK: Ordering

  /// How an order is to be paid: in its own coin, or in another for an amount that is named.
  private func wayToPay(
    _ customer: Customer
  ) throws -> @Sendable ([OrderItem]) throws -> PaymentChoice {
    let spec = specs[Int.random(in: specs.indices, using: &random)]
    let assets = spec.assets.map(\.asset)
    let asset = assets[Int.random(in: assets.indices, using: &random)]
    let seconds = customer.paymentSeconds
    return { items in
      let total = try OrderItem.total(of: items)
      return PaymentChoice(
        chain: spec.name, asset: asset,
        amount: try total.multiplied(by: UInt256(asset.simulatedScale)),
        expiresInSeconds: seconds)
    }
  }

  /// Asks for the order as a client does: again under the same key, where nobody answered.
  private func place(_ place: Int) async throws {
    let customer = customers[place]
    let (tenant, now, random) = (customer.shop.tenant, time.now, (random.next(), random.next()))
    let new = OrderService.NewOrder(
      customer: customer.name, location: customer.shop.location, currency: .btc,
      items: customer.items,
      payment: customer.paysAtOnce ? try wayToPay(customer)(customer.items) : nil,
      expiresInSeconds: 600)
    let key = try IdempotencyKey(
      customer.key, method: "POST", path: "/v1/orders", body: Array(customer.name.utf8))
    endanger(.desk)
    let (process, orders) = (process, process.orders)
    try await surviving(.desk) {
      let reply = try await Idempotency.once(
        key, tenant: tenant, now: now, on: process.database
      ) { connection in
        try orders.place(new, tenant: tenant, now: now, random: random, in: connection)
          .document(telling: nil)
      }
      guard let id = try JSONValue(parsing: reply.body)["id"]?.string else { return }
      try? await process.saga.drive(id)
      // Who has died answers nobody.
      try killSwitch.pass(.afterServiceCall)
      customers[place].order = id
      note("\(customer.name) ordered \(id)")
    }
  }

  // MARK: Coming back

  private func act(_ place: Int, _ order: String, _ shown: JSONValue) async throws {
    let customer = customers[place]
    let payment = shown["payment"]
    switch shown["status"]?.string {
    case "pending":
      if payment == nil {
        switch Int.random(in: 0..<8, using: &random) {
        case 0, 1:
          let items = Shop.items(&random)
          try await decide(order, of: customer.shop.tenant) { _ in
            .changed(items: items, by: customer.name)
          }
        case 2: try await cancel(order, customer)
        case 3: leave(place)
        default: try await choose(order, customer)
        }
      } else if let address = payment?["address"]?.string,
        let amount = payment?["amount_minor"]?.string.flatMap(UInt64.init),
        let expiry = payment?["expires_at"]?.string.flatMap({ Timestamp(rfc3339: $0) })
      {
        if try await pay(place, order, Bill(address: address, amount: amount, expiry: expiry)) {
          return
        }
      }
    case "confirmed", "held":
      if customer.manner == .withdrawingAfter { try await cancel(order, customer) }
      if shown["status"]?.string == "held" { try await pickUp(place, order) }
    case "canceled":
      // Some pay all the same.
      if customer.sent.isEmpty, chance(1, in: 6), let address = payment?["address"]?.string,
        let amount = payment?["amount_minor"]?.string.flatMap(UInt64.init)
      {
        send(place, amount, to: address)
      }
      if chance(1, in: 2) { leave(place) }
    case "ready":
      // Some leave it to staff to say that it was handed over.
      if chance(3, in: 4) { try await pickUp(place, order) }
    case "completed":
      if chance(1, in: 6) { try await comeBack(place, order) }
      leave(place)
    default: break
    }
  }

  private func choose(_ order: String, _ customer: Customer) async throws {
    let way = try wayToPay(customer)
    try await decide(order, of: customer.shop.tenant) { order in
      .paymentChosen(try way(order.items))
    }
  }

  private func cancel(_ order: String, _ customer: Customer) async throws {
    try await decide(order, of: customer.shop.tenant) { _ in
      .canceled(by: customer.name, note: nil)
    }
  }

  // MARK: Paying

  private struct Bill {
    let address: String
    let amount: UInt64
    let expiry: Timestamp
  }

  /// Whether there is nothing more to wait for.
  private func pay(_ place: Int, _ order: String, _ bill: Bill) async throws -> Bool {
    let customer = customers[place]
    let due = bill.amount
    switch (customer.manner, customer.sent.count) {
    case (.exactly, 0), (.withdrawingAfter, 0), (.withReplacement, 0), (.twice, 0...1):
      send(place, due, to: bill.address)
    case (.inParts, 0...1): send(place, (due + 1) / 2, to: bill.address)
    case (.short, 0): send(place, due * 3 / 5, to: bill.address)
    case (.over, 0): send(place, due * 3 / 2, to: bill.address)
    case (.late, 0): if time.now > bill.expiry { send(place, due, to: bill.address) }
    case (.withReplacement, 1):
      let value = [due, due / 2 + 600, nil][Int.random(in: 0...2, using: &random)]
      // On the ground of chains others do that.
      chain.replace(customer.sent[0], by: value)
      note("\(customer.name) replaces what they sent")
      customers[place].sent.append(customer.sent[0])
    case (.withdrawingBefore, 0): try await cancel(order, customer)
    case (.never, 0):
      leave(place)
      return true
    default: break
    }
    return false
  }

  private func send(_ place: Int, _ value: UInt64, to address: String) {
    if let pipeline {
      pipeline.send(value, to: address)
      customers[place].sent.append(Hash32())
    } else {
      customers[place].sent.append(chain.send(value, to: address))
    }
    note("\(customers[place].name) sends \(value) to \(address)")
  }

  // MARK: Deciding

  /// What a person decides at the desk; what is refused changes nothing.
  func decide(
    _ order: String, of tenant: String, _ fact: @escaping @Sendable (Order) throws -> OrderFact
  ) async throws {
    let (process, orders, now) = (process, process.orders, time.now)
    endanger(.desk)
    try await surviving(.desk) {
      do {
        let status = try await process.database.groupedWrite(as: tenant) { connection in
          try orders.decide(on: order, tenant: tenant, now: now, in: connection, fact).status
        }
        note("\(order) is \(status.rawValue) after a decision")
      } catch let refusal as OrderRefusal {
        refused(refusal, order)
        return
      }
      try? await process.saga.drive(order)
    }
  }

  func refused(_ refusal: some Error, _ subject: String) {
    let word = String("\(refusal)".prefix { $0 != "(" })
    statistics.refusals[word, default: 0] += 1
    note("\(subject) refuses: \(refusal)")
  }
}
