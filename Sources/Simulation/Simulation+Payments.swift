internal import Aggregates
internal import Bytes
internal import ChainSim
internal import ChainTypes
internal import Database
internal import NodeRPC
internal import Payments
internal import Settlement

// Shops, payers and operators.
extension Simulation {
  func requestPayment() async throws {
    guard let tenant = world.settings.tenants.randomElement(using: &random) else { return }
    let place = focus
    let assets = chains[place].spec.assets.map(\.asset)
    let asset = assets[Int.random(in: assets.indices, using: &random)]
    let amounts: [ClosedRange<UInt64>] = [1_000...20_000, 20_000...200_000, 200_000...3_000_000]
    guard let range = amounts.randomElement(using: &random) else { return }
    let scale = asset.simulatedScale
    let amount = UInt64.random(in: range, using: &random) * scale
    let expiry = Int64.random(in: 60...1_800, using: &random)
    let tolerance =
      Bool.random(using: &random) ? UInt64.random(in: 0...900, using: &random) * scale : nil
    // One in ten asks again for an order that may have a payment.
    let number =
      Int.random(in: 0..<10, using: &random) == 0
      ? Int.random(in: 0...orderIDs.count, using: &random) : orderIDs.count
    // Most payers say where money would go back to.
    let payer =
      Int.random(in: 0..<5, using: &random) > 0
      ? try address(of: "payer \(random.next())", on: chains[place].spec) : nil
    if Int.random(in: 0..<8, using: &random) == 0 {
      world.killSwitch.arm(
        Bool.random(using: &random) ? .beforeCommit : .afterCommit,
        isFatal: Bool.random(using: &random))
    }
    try await surviving("request") {
      do {
        let payment = try await world.request(
          amount, of: asset, chain: place, tenant: tenant, order: "\(tenant)-\(number)",
          expiresInSeconds: expiry, tolerance: tolerance, refundAddress: payer)
        orders[payment.terms.id] = OrderedPayment(terms: payment.terms)
        orderIDs.append(payment.terms.id)
        countPayment()
        note(
          "request \(payment.terms.id) \(amount) \(asset) on \(payment.terms.chain) of \(tenant), "
            + "\(expiry) s")
      } catch let refusal as PaymentRefusal {
        note("refused: \(refusal)")
      }
    }
    try await adoptUnanswered()
  }

  /// A payment whose process died before it could answer: the shop learns of it when it asks again.
  func adoptUnanswered() async throws {
    let stored = try await world.database.read { try StoredState.read(from: $0) }
    for payment in stored.payments where orders[payment.id] == nil {
      let terms = try CanonicalJSON.value(PaymentTerms.self, from: payment.terms)
      orders[payment.id] = OrderedPayment(terms: terms)
      orderIDs.append(payment.id)
      countPayment()
      note("unanswered: \(payment.id)")
    }
    // Services withdraw payments, too.
    for payment in stored.payments where orders[payment.id]?.isCanceled == false {
      guard payment.facts.contains(where: { $0.hasPrefix(#"{"canceled""#) }) else { continue }
      orders[payment.id]?.isCanceled = true
    }
  }

  /// A payment, mostly one of the latest.
  private func anyOrder() -> OrderedPayment? {
    let recent = Int.random(in: 0..<4, using: &random) > 0 ? orderIDs.suffix(8) : orderIDs[...]
    return recent.randomElement(using: &random).flatMap { orders[$0] }
  }

  /// The script of an address on the chain that has been given to a payment; nil where none has.
  func anyRecipient(on spec: ChainSpec) -> [UInt8]? {
    orderIDs.suffix(8).compactMap { orders[$0] }
      .filter { Self.sharesAddresses($0, with: spec) }
      .randomElement(using: &random).flatMap { try? world.script(of: $0.terms) }
  }

  private static func sharesAddresses(_ order: OrderedPayment, with spec: ChainSpec) -> Bool {
    (order.terms.chainID == nil) == (spec.family.chainID == nil)
  }

  func pay() {
    let here = orderIDs.filter { orders[$0]?.terms.chain == chains[focus].spec.name }
    let recent = here.suffix(5).randomElement(using: &random).flatMap { orders[$0] }
    guard let order = Int.random(in: 0..<6, using: &random) == 0 ? anyOrder() : recent,
      let script = try? world.script(of: order.terms)
    else { return }
    // Mostly where it is due, now and then on another chain with the same addresses.
    let possible = chains.filter { Self.sharesAddresses(order, with: $0.spec) }
    let due = possible.first { $0.spec.name == order.terms.chain }
    let isAstray = Int.random(in: 0..<12, using: &random) == 0
    guard let chain = isAstray ? possible.randomElement(using: &random) : due else { return }
    var other: (recipient: [UInt8], amount: UInt64)?
    if Int.random(in: 0..<12, using: &random) == 0, let second = anyOrder(),
      Self.sharesAddresses(second, with: chain.spec),
      let script = try? world.script(of: second.terms)
    {
      other = (script, 30_000 * order.terms.asset.simulatedScale)
    }
    let bill = Bill(
      recipient: script, asset: order.terms.asset, amounts: amounts(for: order.terms),
      other: other)
    note(chain.pay(bill, &random))
  }

  /// Somebody pays this much to the address of a payment that is known.
  func send(_ value: UInt64, to address: String) {
    guard let order = orders.values.first(where: { $0.terms.address == address }),
      let chain = chains.first(where: { $0.spec.name == order.terms.chain }),
      let script = try? world.script(of: order.terms)
    else { return }
    let bill = Bill(
      recipient: script, asset: order.terms.asset, amounts: [value], other: nil)
    note(chain.pay(bill, &random))
  }

  /// Exactly what is due, or less, or more, or in parts.
  private func amounts(for terms: PaymentTerms) -> [UInt64] {
    let due = terms.amount.asUInt64 ?? 1_000
    let tolerance = terms.tolerance.asUInt64 ?? 0
    let dust = terms.asset.simulatedDust
    switch Int.random(in: 0..<12, using: &random) {
    case 0..<5: return [due]
    // Nearly all of it.
    case 11: return [max(dust, due - due / 20)]
    case 5: return [max(dust + dust / 4, due / 2)]
    case 6: return [due * 2]
    case 7: return [due - min(tolerance, due - 1)]
    case 8: return [due / 2 + dust, due / 2 + dust]
    case 9: return [dust - 1]
    default: return [max(dust, due - due / 10), max(dust, due / 10)]
    }
  }

  /// A shop withdraws, an operator accepts or closes.
  func decide() async throws {
    guard let order = anyOrder() else { return }
    let id = order.terms.id
    let fact: PaymentFact
    switch Int.random(in: 0..<3, using: &random) {
    case 0: fact = .canceled(by: "shop")
    case 1:
      let due = UInt64.random(
        in: 1...(order.terms.amount.asUInt64 ?? 1), using: &random)
      fact = .accepted(due: UInt256(due), by: "operator")
    default: fact = .resolved(by: "operator", reason: "refunded by hand")
    }
    let (service, now) = (world.process.service, world.time.now)
    let stored = try await world.database.read { try StoredState.read(from: $0) }
    do {
      _ = try await world.database.groupedWrite { connection in
        try service.decide(fact, on: id, tenant: nil, now: now, in: connection)
      }
    } catch let refusal as PaymentError {
      return note("\(id) refuses: \(refusal)")
    }
    note("\(id): \(fact)")
    switch fact {
    case .canceled: orders[id]?.isCanceled = true
    case .accepted(let due, _):
      orders[id]?.acceptedDue = due.asUInt64
      orders[id]?.isReopened = order.isResolved
    case .resolved:
      orders[id]?.isResolved = true
      orders[id]?.isReopened = false
      let contract = order.terms.asset.contract.map { "0x\($0.hex)" } ?? ""
      let there = stored.chain(order.terms.chain).transfers.filter {
        $0.ordinal == Int64(order.terms.ordinal) && $0.contract == contract
          && TransferHistory.standing.contains($0.state)
      }
      orders[id]?.settled.formUnion(there.map(\.id))
    case .observed, .deadlinePassed, .refundRequested, .refundChanged: break
    }
  }
}
