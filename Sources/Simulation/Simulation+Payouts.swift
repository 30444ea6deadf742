internal import Addresses
internal import Aggregates
internal import Bytes
internal import ChainSim
internal import ChainTypes
internal import Database
internal import Digests
internal import Ethereum
internal import Payments
internal import Settlement

// Money out: operators refund and sweep, a signer signs apart, nodes are given what is signed, fees
// are raised; the process may die at each commit, and wherever it asks a node.
extension Simulation {
  /// Some acts of operators, the signer and the sender, who mostly go on with what others began.
  func payOut(on place: Int) async throws {
    if place > 0 { try await openTreasuries(place) }
    for _ in 0..<Int.random(in: 1...4, using: &random) { try await payOutOnce(on: place) }
  }

  private func payOutOnce(on place: Int) async throws {
    if Int.random(in: 0..<5, using: &random) == 0 { armKill(duringPayoutsOn: place) }
    // An act that has nothing to do leaves nobody to die.
    defer { world.killSwitch.reset() }
    let made = try await outgoing(on: place, [.built, .signed, .broadcast])
    var acts: [PayoutAct] = [.request, .request, .build, .build]
    if made.contains(where: { $0.status == .built }) { acts += [.sign, .sign, .sign, .giveUp] }
    if made.contains(where: { $0.status != .built }) { acts += [.send, .send, .raiseFee] }
    if place > 0, !made.isEmpty, Int.random(in: 0..<3, using: &random) == 0 { acts.append(.void) }
    let held = try await refunds(on: place, .held)
    if !held.isEmpty { acts.append(.judge) }
    // Seldom: what is withdrawn is paid by none of the others.
    if Int.random(in: 0..<24, using: &random) == 0 { acts = [.withdraw] }
    switch acts[Int.random(in: acts.indices, using: &random)] {
    case .request: try await requestRefund(on: place)
    case .build: try await build(on: place)
    case .sign: try await sign(on: place, all: false)
    case .send: try await sendOutgoing(on: place)
    case .raiseFee: try await raiseFee(on: place)
    case .giveUp: try await giveUp(on: place)
    case .void: try await voidOnEthereum(place, anyOf: made)
    case .judge: try await judge(anyOf: held)
    case .withdraw: try await withdrawRefund(on: place)
    }
  }

  private enum PayoutAct {
    case request, build, sign, send, raiseFee, giveUp, void, judge, withdraw
  }

  private func armKill(duringPayoutsOn place: Int) {
    // What is made for Bitcoin is one commit, and asks nobody.
    let isOne = chains[place].spec.family.chainID == nil
    if !isOne, Int.random(in: 0..<3, using: &random) == 0 {
      let links = chains[place].linkPlaces
      world.killSwitch.armCall(
        to: links[Int.random(in: links.indices, using: &random)],
        passages: Int.random(in: 1...6, using: &random))
    } else {
      world.killSwitch.arm(
        Bool.random(using: &random) ? .beforeCommit : .afterCommit,
        passages: isOne ? 1 : Int.random(in: 1...3, using: &random),
        isFatal: Bool.random(using: &random))
    }
  }

  /// Runs an act; what is refused is noted.
  func attempt(_ name: String, _ body: () async throws -> String?) async throws {
    try await surviving(name) {
      do {
        note("\(name): \(try await body() ?? "nothing to do")")
      } catch let error as RefundRefusal {
        note("\(name) is refused: \(error)")
      } catch let error as BitcoinPayouts.Failure {
        note("\(name) fails: \(error)")
      } catch let error as EthereumPayouts.Failure {
        note("\(name) fails: \(error)")
      } catch let error as PayoutRefusal {
        note("\(name) is refused: \(error)")
      } catch let error as OutgoingService.Refusal {
        note("\(name) is refused: \(error)")
      }
    }
  }

  /// Past every address's cooling, and past the pause before something is sent again.
  var laterNow: Timestamp { world.time.now.adding(seconds: 100_000) }

  // MARK: Operators

  /// Each refund goes to an address of its own, so that the chain tells how often it was paid.
  private func requestRefund(on place: Int) async throws {
    let spec = chains[place].spec
    let stored = try await world.database.read { try StoredState.read(from: $0) }
    let here = stored.payments.filter { $0.chain == spec.name.text && $0.received != "0" }
    // Rather of those that were paid as they should be, and of which nothing went back yet.
    let refunded = Set(
      try stored.refunds.values.map {
        try CanonicalJSON.value(RefundTerms.self, from: $0.terms).payment
      })
    let settled = here.filter { $0.status == "settled" && !refunded.contains($0.id) }
    let isAny = settled.isEmpty || Int.random(in: 0..<4, using: &random) == 0
    guard let payment = (isAny ? here : settled).randomElement(using: &random) else { return }
    let bits = (random.next(), random.next())
    let payee = try address(of: "payee \(bits)", on: spec)
    let kinds: [RefundTerms.Kind] = [.full, .partial, .overpayment]
    let kind = kinds[Int.random(in: 0..<3, using: &random)]
    let scale = orders[payment.id]?.terms.asset.simulatedScale ?? 1
    let request = RefundRequest(
      payment: payment.id, kind: kind,
      amount: kind == .partial
        ? UInt256(UInt64.random(in: 600...50_000, using: &random) * scale) : nil,
      address: payee, requestedBy: "operator")
    refundsOfSettled[payee] = payment.status == "settled"
    let (service, now) = (RefundService(specs: world.settings.specs, policies: [:]), world.time.now)
    let database = world.database
    try await attempt("refund \(payment.id)") {
      try await database.write {
        try service.request(request, tenant: nil, now: now, random: bits, in: $0).terms.id
      }
    }
  }

  /// Somebody's, whose name makes it.
  func address(of name: String, on spec: ChainSpec) throws -> String {
    let hash = HASH160.hash(Array(name.utf8))
    guard case .bitcoin(let network) = spec.family else { return EthereumAddress(hash).text }
    return BitcoinAddress(.p2wpkh(hash), network: network).text
  }

  /// Rather one whose refunds are due.
  func tenantToPayFor(on place: Int) async throws -> String {
    let name = chains[place].spec.name.text
    let due = try await world.database.read { connection in
      try connection.query(
        "SELECT tenant FROM refunds WHERE status = 'approved' AND chain = $1 ORDER BY tenant",
        [.text(name)]
      ).map { try $0.text("tenant") }
    }
    let tenants = due.isEmpty ? world.settings.tenants : due
    return tenants[Int.random(in: tenants.indices, using: &random)]
  }

  private func build(on place: Int) async throws {
    if place == 0 { try await buildOnBitcoin() } else { try await buildOnEthereum(place) }
  }

  func outgoing(
    on place: Int, _ statuses: [OutgoingStatus]
  ) async throws -> [OutgoingTransaction] {
    let name = chains[place].spec.name
    return try await world.database.read {
      try OutgoingRecords.list(on: name, in: statuses, limit: 10_000, in: $0)
    }
  }

  private func raiseFee(on place: Int) async throws {
    guard
      let old = try await outgoing(on: place, [.signed, .broadcast]).randomElement(using: &random)
    else { return }
    if place == 0 {
      try await raiseFeeOnBitcoin(of: old)
    } else {
      try await raiseFeeOnEthereum(place, of: old)
    }
  }

  private func giveUp(on place: Int) async throws {
    guard let old = try await outgoing(on: place, [.built]).randomElement(using: &random) else {
      return
    }
    let (database, now) = (world.database, world.time.now)
    try await attempt("give up \(old.id)") {
      try await database.write { try OutgoingService.cancel(old.id, now: now, in: $0) }
      return "done"
    }
  }

  /// A chain's refunds that stand so. A service's pages leave out what an older transaction may
  /// still come before, which on a shared server may be another world's: no life would replay.
  private func refunds(on place: Int, _ status: RefundStatus) async throws -> [Refund] {
    let name = chains[place].spec.name.text
    return try await world.database.read { connection in
      try connection.query(
        "SELECT refund_id FROM refunds WHERE chain = $1 AND status = $2 ORDER BY refund_id",
        [.text(name), .text(status.rawValue)]
      ).compactMap {
        try RefundRecords.load($0.text("refund_id"), locking: false, in: connection)
      }
    }
  }

  /// Somebody looks what came of a refund that is held.
  private func judge(anyOf held: [Refund]) async throws {
    guard let refund = held.randomElement(using: &random) else { return }
    let (database, now) = (world.database, world.time.now)
    let fact =
      refund.arrived == .zero
      ? RefundFact.failed(reason: "nothing came") : .accepted(by: "operator")
    try await attempt("judge \(refund.terms.id)") {
      try await database.write {
        try RefundService(specs: [], policies: [:]).decide(
          fact, on: refund.terms.id, tenant: nil, now: now, in: $0
        ).status.rawValue
      }
    }
  }

  /// Somebody ends a refund for which no transaction was ever made: none can be mined then.
  private func withdrawRefund(on place: Int) async throws {
    let built = try await world.database.read { connection in
      Set(
        try connection.query(
          "SELECT DISTINCT refund_id FROM refund_facts WHERE fact LIKE '{\"built\"%'"
        ).map { try $0.text("refund_id") })
    }
    let free = try await refunds(on: place, .approved).filter { !built.contains($0.terms.id) }
    guard let refund = free.randomElement(using: &random) else { return }
    let service = RefundService(specs: [], policies: [:])
    let (database, now) = (world.database, world.time.now)
    try await attempt("withdraw \(refund.terms.id)") {
      try await database.write {
        try service.decide(
          .canceled(by: "operator"), on: refund.terms.id, tenant: nil, now: now, in: $0
        ).status.rawValue
      }
    }
  }

  // MARK: The signer and the sender

  /// What no server can: signs with the account's key, and hands the bytes in.
  private func sign(on place: Int, all: Bool) async throws {
    let waiting = try await outgoing(on: place, [.built])
    guard !waiting.isEmpty else { return }
    let chosen =
      all ? waiting : [waiting[Int.random(in: waiting.indices, using: &random)]]
    for transaction in chosen {
      let raw =
        try place == 0 ? signedOnBitcoin(transaction) : signedOnEthereum(transaction)
      let (database, spec, now) = (world.database, chains[place].spec, world.time.now)
      try await attempt("sign \(transaction.id)") {
        try await database.write {
          try OutgoingService.takeIn(raw, for: transaction.id, spec: spec, now: now, in: $0).id
        }
      }
    }
  }

  private func sendOutgoing(on place: Int) async throws {
    if place > 0 { try await giveAround(place) }
    let broadcaster = place == 0 ? bitcoinBroadcaster() : ethereumBroadcaster(place)
    // Past the pause before something is sent again.
    let now = world.time.now.adding(seconds: 61)
    try await surviving("send") {
      let report = try await broadcaster.step(now: now)
      let notes = report.notes.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
      note("send: \(report.sent) taken, \(report.refused) refused \(notes)")
    }
  }

  /// Everything that was made is signed and sent.
  func finishPayouts(on place: Int) async throws {
    try await sign(on: place, all: true)
    for _ in 0..<3 {
      try await sendOutgoing(on: place)
      world.time.advance(milliseconds: 61_000)
    }
  }
}
