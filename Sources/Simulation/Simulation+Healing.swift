internal import Bitcoin
internal import Bytes
internal import ChainSim
internal import ChainTypes
internal import Database
internal import Payments
internal import Settlement
internal import Watching

// The end of a run: everything works again, and everything must come out right.
extension Simulation {
  func heal() async throws {
    note("heal")
    // A node that showed another chain is trusted again by a new process alone.
    try await world.restart()
    // Past every breaker's pause and every quarantine.
    world.time.advance(milliseconds: 300_000)
    for chain in chains { chain.heal() }
    try await settle()
    for place in chains.indices { try await finishPayouts(on: place) }
    learn()
    for chain in chains { note(chain.relay()) }
    try await settle()
    try await checkMempool()
    // Whatever still waits is mined, and everything becomes final, coinbases apart.
    let deepest = chains.map { Int($0.spec.finalityDepth) }.max() ?? 0
    for _ in 0..<2 * deepest {
      world.time.advance(milliseconds: 120_000)
      for chain in chains { chain.advance() }
    }
    // Past every deadline, of which a block tells where nobody looks at mempools.
    world.time.advance(milliseconds: 2_000_000)
    for chain in chains { chain.advance() }
    try await settle()
    try await finishRemedies()
    try await payBack()
    try await finishRemedies()
    try await checkOutcome()
  }

  func settle() async throws {
    world.killSwitch.reset()
    for place in chains.indices { try await settle(place) }
  }

  func settle(_ place: Int) async throws {
    for _ in 0..<60 {
      let report = try await world.step(chain: place)
      note("settle \(chains[place].spec.name): \(report)")
      try await check()
      if report.isAtTip, report.transferChanges == 0 { return }
      world.time.advance(milliseconds: 1_000)
    }
    throw Broken(reasons: ["the watcher of \(chains[place].spec.name) doesn't come to rest"])
  }

  // MARK: Bitcoin's mempool

  private var bitcoin: ChainMachine { world.links[0].node.machine }

  /// With all nodes agreeing, what waits in the mempool is `seen`, and nothing else is.
  private func checkMempool() async throws {
    let waiting = bitcoin.mempool.ordered.map(\.known)
    let present = Set(waiting.map(\.txid))
    let stored = try await world.database.read { try StoredState.read(from: $0) }
    let transfers = stored.chain(world.settings.spec.name).transfers
    var findings = Findings()
    let spenders = spenders()
    for transfer in transfers {
      guard let txid = Hash32(transfer.txid) else { continue }
      if ["seen", "replaced", "dropped", "orphaned"].contains(transfer.state) {
        findings.require(
          (transfer.state == "seen") == present.contains(txid), promise: 2,
          "\(transfer.id) is \(transfer.state), in the mempool: \(present.contains(txid))")
      }
      findings.require(
        transfer.state != "orphaned", promise: 5, "\(transfer.id) stays orphaned")
      if ["dropped", "replaced"].contains(transfer.state) {
        checkReplaced(transfer, txid, spenders, &findings)
      }
    }
    let recorded = Set(transfers.map(\.id))
    let scripts = Set(stored.addresses.map(\.script))
    for known in waiting {
      for (vout, output) in known.transaction.outputs.enumerated()
      where scripts.contains(output.scriptPubKey) {
        let id = "\(world.settings.spec.name)/\(known.txid.displayHex)/\(vout)"
        findings.require(
          recorded.contains(id), promise: 1, "\(id) waits in the mempool unnoticed")
      }
    }
    if !findings.violations.isEmpty {
      throw Broken(reasons: findings.violations.map(\.description))
    }
  }

  /// Who spends each output, in the chain or in the mempool.
  private func spenders() -> [Outpoint: Hash32] {
    var spenders: [Outpoint: Hash32] = [:]
    let machine = bitcoin
    let confirmed = (0...machine.tip.height).flatMap { machine.block(at: $0)?.transactions ?? [] }
    for known in confirmed + machine.mempool.ordered.map(\.known) {
      for input in known.transaction.inputs { spenders[input.outpoint] = known.txid }
    }
    return spenders
  }

  /// What vanished was replaced exactly where something else spends its coins now; what once was
  /// replaced stays so where the replacement vanished too.
  private func checkReplaced(
    _ transfer: StoredState.Transfer, _ txid: Hash32, _ spenders: [Outpoint: Hash32],
    _ findings: inout Findings
  ) {
    let inputs = chains[0].truth.inputs[txid] ?? []
    if inputs.contains(where: { spenders[$0] != nil }) {
      findings.require(
        transfer.state == "replaced", promise: 2,
        "\(transfer.id) is \(transfer.state), but its coins are spent")
    }
  }

  // MARK: All chains

  /// At the end the watchers stand at their nodes' tips, every deadline is decided, the log is
  /// whole, and every payment has exactly the money that its address has in the chain.
  private func checkOutcome() async throws {
    let (stored, log) = try await world.database.read { connection in
      (try StoredState.read(from: connection), try EventChecker.read(after: 0, in: connection))
    }
    var findings = Findings()
    let differences = try await world.database.read { try ReplayCheck.differences(in: $0) }
    findings.require(
      differences.isEmpty, promise: 8, differences.prefix(5).joined(separator: "; "))
    events.checkUnchanged(log, &findings)
    findings.require(
      log.allSatisfy { $0.position != nil }, promise: 4, "events stay without a position")
    for chain in chains { checkOutcome(of: chain, stored, &findings) }
    if !findings.violations.isEmpty {
      throw Broken(reasons: findings.violations.map(\.description))
    }
  }

  private func checkOutcome(
    of chain: any LivingChain, _ stored: StoredState, _ findings: inout Findings
  ) {
    let (name, tip) = (chain.spec.name, chain.agreedTip)
    let rows = stored.chain(name)
    findings.require(
      rows.cursor?.hash == tip.hash.bytes, promise: 1, "\(name)'s cursor isn't at the tip \(tip)")
    let now = world.time.now.microseconds
    let family = chain.spec.family.name
    let scripts = Dictionary(
      stored.addresses.filter { $0.family == family }.map { ($0.ordinal, $0.script) },
      uniquingKeysWith: { first, _ in first })
    // What nobody looked for, or could prove, isn't counted either.
    let counted = rows.countedTransfers
    let branch = chain.truth.branch(to: tip.hash) ?? []
    let moved = branch.flatMap(\.transfers).filter { !$0.hasFailed }
    checkBooks(of: chain, branch, accounts: Array(scripts.values), &findings)
    let transfers = moved.filter {
      (!$0.isInner || counted.contains($0.key)) && !stored.funding.contains($0.key.txid.bytes)
    }
    for payment in stored.payments where payment.chain == name.text {
      let dust = orders[payment.id]?.terms.asset.simulatedDust ?? 0
      let received = transfers.filter {
        $0.recipient == scripts[payment.ordinal] && $0.contract == payment.contract
          && $0.value >= UInt256(dust)
      }.reduce(UInt64(0)) { $0 + ($1.value.asUInt64 ?? 0) }
      findings.require(
        payment.deadlinePassed || payment.expiresAt >= now, promise: 5,
        "\(payment.id)'s deadline passed unnoticed")
      findings.require(
        payment.received == String(received), promise: 2,
        "\(payment.id) received \(payment.received), its address \(received)")
    }
  }

  /// The truth itself is held against the nodes' own books: what came to our accounts and hasn't
  /// left them is there.
  private func checkBooks(
    of chain: any LivingChain, _ branch: [TrueBlock], accounts: [[UInt8]],
    _ findings: inout Findings
  ) {
    let flows = AccountFlows(branch, Set(accounts))
    let contracts = [""] + chain.spec.tokens.compactMap { $0.asset.contract.map { "0x\($0.hex)" } }
    for contract in contracts {
      for account in accounts {
        guard let balance = chain.balance(of: account, contract: contract) else { return }
        let (came, left) = flows[account, contract]
        findings.require(
          (try? balance.adding(left)) == came, promise: 6,
          "\(chain.spec.name) has \(balance.decimal) of \(contract) where \(came.decimal) came "
            + "and \(left.decimal) left")
      }
    }
  }
}
