internal import Bitcoin
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
    let amounts: [ClosedRange<UInt64>] = [1_000...20_000, 20_000...200_000, 200_000...3_000_000]
    guard let range = amounts.randomElement(using: &random) else { return }
    let amount = UInt64.random(in: range, using: &random)
    let expiry = Int64.random(in: 60...1_800, using: &random)
    let tolerance = Bool.random(using: &random) ? UInt64.random(in: 0...900, using: &random) : nil
    // One in ten asks again for an order that may have a payment.
    let number =
      Int.random(in: 0..<10, using: &random) == 0
      ? Int.random(in: 0...orderIDs.count, using: &random) : orderIDs.count
    if Int.random(in: 0..<8, using: &random) == 0 {
      world.killSwitch.arm(Bool.random(using: &random) ? .beforeCommit : .afterCommit)
    }
    try await surviving("request") {
      do {
        let payment = try await world.request(
          amount, tenant: tenant, order: "\(tenant)-\(number)", expiresInSeconds: expiry,
          tolerance: tolerance)
        orders[payment.terms.id] = OrderedPayment(terms: payment.terms)
        orderIDs.append(payment.terms.id)
        countPayment()
        note("request \(payment.terms.id) \(amount) of \(tenant), \(expiry) s")
      } catch let refusal as PaymentRefusal {
        note("refused: \(refusal)")
      }
    }
    try await adoptUnanswered()
  }

  /// A payment whose process died before it could answer: the shop learns of it when it asks again.
  private func adoptUnanswered() async throws {
    let stored = try await world.database.read { try StoredState.read(from: $0) }
    for payment in stored.payments where orders[payment.id] == nil {
      let terms = try CanonicalJSON.value(PaymentTerms.self, from: payment.terms)
      orders[payment.id] = OrderedPayment(terms: terms)
      orderIDs.append(payment.id)
      countPayment()
      note("unanswered: \(payment.id)")
    }
  }

  /// A payment, mostly one of the latest.
  private func anyOrder() -> OrderedPayment? {
    let recent = Int.random(in: 0..<4, using: &random) > 0 ? orderIDs.suffix(8) : orderIDs[...]
    return recent.randomElement(using: &random).flatMap { orders[$0] }
  }

  func pay() {
    guard let order = anyOrder(), let script = try? world.script(of: order.terms) else { return }
    let place = randomNode()
    let due = UInt64(order.terms.amount.decimal) ?? 1_000
    let tolerance = UInt64(order.terms.tolerance.decimal) ?? 0
    var outputs: [TransactionOutput]
    func output(_ value: UInt64) -> TransactionOutput {
      TransactionOutput(value: value, scriptPubKey: script)
    }
    switch Int.random(in: 0..<12, using: &random) {
    case 0..<5: outputs = [output(due)]
    case 5: outputs = [output(max(700, due / 2))]
    case 6: outputs = [output(due * 2)]
    case 7: outputs = [output(due - min(tolerance, due - 1))]
    case 8: outputs = [output(due / 2 + 400), output(due / 2 + 400)]
    case 9: outputs = [output(545)]
    case 10:
      outputs = [output(due)]
      if let other = anyOrder(), let second = try? world.script(of: other.terms) {
        outputs.append(TransactionOutput(value: 30_000, scriptPubKey: second))
      }
    default: outputs = [output(max(600, due - due / 10)), output(max(600, due / 10))]
    }
    // A foreign output in front moves ours to another vout.
    if Bool.random(using: &random) {
      outputs.insert(
        TransactionOutput(value: 5_000, scriptPubKey: Faucet.scriptPubKey), at: 0)
    }
    send(outputs, at: place)
  }

  private func send(_ outputs: [TransactionOutput], at place: Int) {
    let mempool = node(place).machine.mempool.ordered
    var payment = PaymentOrder(
      outputs: outputs, feeRate: UInt64.random(in: 1...5, using: &random),
      signalsReplacement: Bool.random(using: &random))
    switch Int.random(in: 0..<10, using: &random) {
    case 0:
      // Straight into a block: no mempool ever saw it.
      guard let transaction = try? node(place).payment(payment) else { return }
      note("pay in a block at node \(place): \(transaction.txid.displayHex)")
      truth.learn(transaction)
      _ = try? node(place).mine(exactly: [transaction])
      healDivergence()
      return
    case 1:
      note("pay with a coinbase at node \(place)")
      _ = try? node(place).mineCoinbase(to: outputs[outputs.count - 1].scriptPubKey)
      healDivergence()
      return
    case 2:
      if let parent = mempool.randomElement(using: &random)?.known.txid {
        payment.source = .unconfirmed(parent: parent)
      }
    default: break
    }
    guard let known = try? node(place).pay(payment) else { return }
    note("pay at node \(place): \(known.txid.displayHex)")
    truth.learn(known.transaction)
  }

  /// Another transaction takes the place of one that waits: it pays us less, or nobody, or the same.
  func replace() {
    let place = randomNode()
    guard let victim = node(place).machine.mempool.ordered.randomElement(using: &random) else {
      return
    }
    let outputs: [TransactionOutput]?
    switch Int.random(in: 0..<3, using: &random) {
    case 0: outputs = []
    case 1: outputs = nil
    default:
      outputs = victim.known.transaction.outputs
        .filter { $0.scriptPubKey != Faucet.scriptPubKey }
        .map { TransactionOutput(value: max(600, $0.value / 2), scriptPubKey: $0.scriptPubKey) }
    }
    guard let known = try? node(place).replace(victim.known.txid, paying: outputs) else { return }
    note("replace \(victim.known.txid.displayHex) by \(known.txid.displayHex) at node \(place)")
    truth.learn(known.transaction)
  }

  /// A transaction leaves every mempool, or everything leaves one.
  func evict() {
    let place = randomNode()
    if Int.random(in: 0..<4, using: &random) == 0 {
      note("node \(place) restarts without its mempool")
      return node(place).loseMempool()
    }
    guard let victim = node(place).machine.mempool.ordered.randomElement(using: &random) else {
      return
    }
    note("evict \(victim.known.txid.displayHex)")
    for link in world.links { _ = try? link.node.evict(victim.known.txid) }
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
        in: 1...(UInt64(order.terms.amount.decimal) ?? 1), using: &random)
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
      orders[id]?.acceptedDue = UInt64(due.decimal)
      orders[id]?.isReopened = order.isResolved
    case .resolved:
      orders[id]?.isResolved = true
      orders[id]?.isReopened = false
      let there = stored.transfers.filter {
        $0.ordinal == Int64(order.terms.ordinal) && TransferHistory.standing.contains($0.state)
      }
      orders[id]?.settled.formUnion(there.map(\.key))
    case .observed, .deadlinePassed: break
    }
  }
}
