internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainSim
internal import ChainTypes
internal import Database
internal import Digests
internal import Keys
internal import Payments
internal import Settlement
internal import Watching

// Money out on Bitcoin: operators refund and sweep, a signer signs apart, nodes are given what is
// signed, fees are raised; the process may die at each commit.
extension Simulation {
  /// Some acts of operators, the signer and the sender, who mostly go on with what others began.
  func payOut() async throws {
    for _ in 0..<Int.random(in: 1...4, using: &random) { try await payOutOnce() }
  }

  private func payOutOnce() async throws {
    if Int.random(in: 0..<5, using: &random) == 0 {
      world.killSwitch.arm(
        Bool.random(using: &random) ? .beforeCommit : .afterCommit,
        isFatal: Bool.random(using: &random))
    }
    // An act that has nothing to do leaves nobody to die.
    defer { world.killSwitch.reset() }
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<3: try await requestRefund()
    case 3..<5: try await build()
    case 5..<7: try await sign(all: false)
    case 7: try await sendOutgoing()
    case 8: try await raiseFee()
    default: try await giveUp()
    }
  }

  private var bitcoinSpec: ChainSpec { world.settings.spec }

  private var payouts: BitcoinPayouts? {
    BitcoinPayouts(
      spec: bitcoinSpec,
      limits: .init(
        ceiling: FeeRate(satoshiPerKvB: 100_000), maximumFee: 1_000_000, maximumInputs: 50))
  }

  /// Runs an act in a transaction of its own; what is refused is noted and changes nothing.
  private func attempt(
    _ name: String, _ body: @escaping @Sendable (any SQLConnection) throws -> String?
  ) async throws {
    try await surviving(name) {
      do {
        note("\(name): \(try await world.database.write { try body($0) } ?? "nothing to do")")
      } catch let error as RefundRefusal {
        note("\(name) is refused: \(error)")
      } catch let error as BitcoinPayouts.Failure {
        note("\(name) fails: \(error)")
      } catch let error as PayoutRefusal {
        note("\(name) is refused: \(error)")
      } catch let error as OutgoingService.Refusal {
        note("\(name) is refused: \(error)")
      }
    }
  }

  // MARK: Operators

  /// Each refund goes to an address of its own, so that the chain tells how often it was paid.
  private func requestRefund() async throws {
    let stored = try await world.database.read { try StoredState.read(from: $0) }
    // What is refunded before counts no longer towards what is due: that has tests of its own.
    let possible = stored.payments.filter {
      $0.chain == bitcoinSpec.name.text && $0.status == "settled"
    }
    guard let payment = possible.randomElement(using: &random),
      case .bitcoin(let network) = bitcoinSpec.family
    else { return }
    let bits = (random.next(), random.next())
    let payee = BitcoinAddress(
      .p2wpkh(HASH160.hash(Array("payee \(bits)".utf8))), network: network)
    let kinds: [RefundTerms.Kind] = [.full, .partial, .overpayment]
    let kind = kinds[Int.random(in: 0..<3, using: &random)]
    let request = RefundRequest(
      payment: payment.id, kind: kind,
      amount: kind == .partial
        ? UInt256(UInt64.random(in: 600...50_000, using: &random)) : nil,
      address: payee.text, requestedBy: "operator")
    let (service, now) = (RefundService(specs: world.settings.specs, policies: [:]), world.time.now)
    try await attempt("refund \(payment.id)") {
      try service.request(request, tenant: nil, now: now, random: bits, in: $0).terms.id
    }
  }

  /// Rather for a tenant whose refunds are due.
  private func order() async throws -> BitcoinPayouts.Order {
    let due = try await world.database.read { connection in
      try connection.query("SELECT tenant FROM refunds WHERE status = 'approved' ORDER BY tenant")
        .map { try $0.text("tenant") }
    }
    let tenants = due.isEmpty ? world.settings.tenants : due
    return BitcoinPayouts.Order(
      tenant: tenants[Int.random(in: tenants.indices, using: &random)],
      feeRate: FeeRate(satoshiPerKvB: UInt64.random(in: 1_000...20_000, using: &random)),
      // Past every address's cooling.
      now: world.time.now.adding(seconds: 100_000),
      random: (random.next(), random.next()))
  }

  private func build() async throws {
    guard let payouts else { return }
    let order = try await order()
    let isSweep = Int.random(in: 0..<4, using: &random) == 0
    try await attempt(isSweep ? "sweep" : "build") { connection in
      isSweep
        ? try payouts.sweep(order, least: 2, in: connection)?.id
        : try payouts.payRefunds(order, in: connection).made?.id
    }
  }

  private func anyOutgoing(_ statuses: [OutgoingStatus]) async throws -> OutgoingTransaction? {
    let name = bitcoinSpec.name
    let all = try await world.database.read {
      try OutgoingRecords.list(on: name, in: statuses, limit: 1_000, in: $0)
    }
    return all.isEmpty ? nil : all[Int.random(in: all.indices, using: &random)]
  }

  private func raiseFee() async throws {
    guard let payouts, let old = try await anyOutgoing([.signed, .broadcast]) else { return }
    let any = try await order()
    let order = BitcoinPayouts.Order(
      tenant: old.tenant, feeRate: any.feeRate, now: any.now, random: any.random)
    try await attempt("replace \(old.id)") { try payouts.replace(old.id, order, in: $0).id }
  }

  private func giveUp() async throws {
    guard let old = try await anyOutgoing([.built]) else { return }
    let now = world.time.now
    try await attempt("give up \(old.id)") {
      try OutgoingService.cancel(old.id, now: now, in: $0)
      return "done"
    }
  }

  // MARK: The signer and the sender

  /// What no server can: signs with the account's key, and hands the bytes in.
  private func sign(all: Bool) async throws {
    let name = bitcoinSpec.name
    let waiting = try await world.database.read {
      try OutgoingRecords.list(on: name, in: [.built], limit: 1_000, in: $0)
    }
    guard !waiting.isEmpty else { return }
    let chosen =
      all ? waiting : [waiting[Int.random(in: waiting.indices, using: &random)]]
    let signer = PSBTSigner(try Pipeline.accountPrivateKey())
    for transaction in chosen {
      var psbt = try PSBT(base64: transaction.unsigned)
      _ = try signer.sign(&psbt, auxiliary: .zero, trustsValues: false)
      guard psbt.finalize().isEmpty else {
        throw Broken(reasons: ["\(transaction.id) can't be signed"])
      }
      let raw = try psbt.extractTransaction().bytes
      let (spec, now) = (bitcoinSpec, world.time.now)
      try await attempt("sign \(transaction.id)") {
        try OutgoingService.takeIn(raw, for: transaction.id, spec: spec, now: now, in: $0).id
      }
    }
  }

  private func sendOutgoing() async throws {
    let nodes = world.links.map(\.node)
    let node = nodes[Int.random(in: nodes.indices, using: &random)]
    let broadcaster = OutgoingBroadcaster(
      chain: bitcoinSpec.name, database: world.database
    ) { raw in
      do {
        _ = try node.accept(Transaction(bytes: raw))
        return .taken
      } catch {
        return .refused("\(error)")
      }
    }
    // Past the pause before something is sent again.
    let now = world.time.now.adding(seconds: 61)
    try await surviving("send") {
      let report = try await broadcaster.step(now: now)
      note("send: \(report.sent) taken, \(report.refused) refused")
    }
  }

  /// Everything that was made is signed and sent.
  func finishPayouts() async throws {
    try await sign(all: true)
    for _ in 0..<world.links.count { try await sendOutgoing() }
  }

  // MARK: Checks

  /// What has left and what is booked, against the chain's own truth at the cursor: the treasury to
  /// the satoshi, each refund once at most and never for more than it was to be.
  func checkPayouts(_ stored: StoredState, _ findings: inout Findings) async throws {
    let (balances, refunds, caps) = try await world.database.read { connection in
      (
        try LedgerRecords.balances(in: connection),
        try connection.query("SELECT refund_id, terms, status FROM refunds").map {
          (
            try CanonicalJSON.value(RefundTerms.self, from: $0.text("terms")),
            try $0.text("status")
          )
        },
        try connection.query(
          """
          SELECT payment_id, receipts, taken FROM refund_caps
          """
        ).map { (try $0.text("payment_id"), try $0.amount("receipts"), try $0.amount("taken")) }
      )
    }
    var sums: [String: (debit: UInt256, credit: UInt256)] = [:]
    for balance in balances {
      let key = "\(balance.tenant) \(balance.chain) \(balance.contract?.hex ?? "")"
      let before = sums[key] ?? (.zero, .zero)
      sums[key] = (
        try before.debit.adding(balance.debit), try before.credit.adding(balance.credit)
      )
    }
    for (key, sum) in sums {
      findings.require(
        sum.debit == sum.credit, promise: 6, "the ledger of \(key) doesn't sum to zero")
    }
    for (id, receipts, taken) in caps {
      findings.require(taken <= receipts, promise: 6, "\(id) refunds more than it received")
    }

    guard let cursor = stored.chain(bitcoinSpec.name).cursor, let hash = Hash32(cursor.hash),
      let branch = chains[0].truth.branch(to: hash)
    else { return }
    let ours = Set(stored.addresses.filter { $0.family == "bitcoin" }.map(\.script))
    var coins: [Outpoint: UInt64] = [:]
    var paid: [[UInt8]: (count: Int, value: UInt64)] = [:]
    for block in branch where block.ref.height > chains[0].anchorHeight {
      for transfer in block.transfers {
        let value = transfer.value.asUInt64 ?? 0
        if ours.contains(transfer.recipient), value >= bitcoinSpec.dustLimit.asUInt64 ?? 0,
          let vout = UInt32(transfer.key.position)
        {
          coins[Outpoint(txid: transfer.key.txid, vout: vout)] = value
        }
        let before = paid[transfer.recipient] ?? (0, 0)
        paid[transfer.recipient] = (before.count + 1, before.value + value)
      }
      for txid in Set(block.transfers.map(\.key.txid)) {
        for outpoint in chains[0].truth.inputs[txid] ?? [] { coins[outpoint] = nil }
      }
    }
    let treasury = try balances.filter {
      $0.account == .treasury && $0.chain == bitcoinSpec.name
    }.reduce(UInt256.zero) { try $0.adding($1.debit).subtracting($1.credit) }
    let there = UInt256(coins.values.reduce(0, +))
    findings.require(
      treasury == there, promise: 6,
      "the ledger has \(treasury.decimal) satoshi, the chain \(there.decimal)")
    guard case .bitcoin(let network) = bitcoinSpec.family else { return }
    for (terms, status) in refunds where terms.chain == bitcoinSpec.name {
      let script = try BitcoinAddress(terms.address, network: network).output.scriptPubKey
      guard let payment = paid[script] else {
        findings.require(status != "final", promise: 6, "\(terms.id) is final and isn't paid")
        continue
      }
      findings.require(payment.count == 1, promise: 2, "\(terms.id) is paid \(payment.count) times")
      findings.require(
        UInt256(payment.value) <= terms.amount, promise: 6,
        "\(terms.id) is paid \(payment.value) of \(terms.amount.decimal)")
      findings.require(
        ["broadcast", "confirmed", "final"].contains(status), promise: 4,
        "\(terms.id) is paid and \(status)")
    }
  }
}
