internal import Bitcoin
internal import Bytes
internal import ChainSim
internal import ChainTypes
internal import Database
internal import Settlement
internal import Watching

// The end of a run: everything works again, and everything must come out right.
extension Simulation {
  func heal() async throws {
    note("heal")
    isolated = []
    for link in world.links {
      link.node.removeAllFaults()
      link.isCut = false
    }
    // Past every breaker's pause and every quarantine.
    world.time.advance(milliseconds: 300_000)
    // Two branches of equal work stand until one grows.
    relay()
    _ = try? node(0).mine(1, transactions: .all)
    relay()
    learn()
    try await settle()
    try await checkMempool()
    // Whatever still waits is mined, and everything becomes final, coinbases apart.
    for _ in 0..<Int(world.settings.spec.finalityDepth) + 1 {
      world.time.advance(milliseconds: 120_000)
      _ = try? node(0).mine()
      relay()
    }
    world.time.advance(milliseconds: 2_000_000)
    learn()
    try await settle()
    try await checkOutcome()
  }

  private func settle() async throws {
    world.killSwitch.reset()
    for _ in 0..<60 {
      let report = try await world.step()
      note("settle: \(report)")
      try await check()
      if report.isAtTip, report.transferChanges == 0 { return }
      world.time.advance(milliseconds: 1_000)
    }
    throw Broken(reasons: ["the watcher doesn't come to rest"])
  }

  /// With all nodes agreeing, what waits in the mempool is `seen`, and nothing else is.
  private func checkMempool() async throws {
    let present = Set(node(0).machine.mempool.ordered.map(\.known.txid))
    let stored = try await world.database.read { try StoredState.read(from: $0) }
    var findings = Findings()
    let spenders = spenders()
    for transfer in stored.transfers {
      guard let txid = Hash32(transfer.txid) else { continue }
      if ["seen", "replaced", "dropped", "orphaned"].contains(transfer.state) {
        findings.require(
          (transfer.state == "seen") == present.contains(txid), promise: 2,
          "\(txid.displayHex) is \(transfer.state), in the mempool: \(present.contains(txid))")
      }
      findings.require(
        transfer.state != "orphaned", promise: 5, "\(txid.displayHex) stays orphaned")
      if ["dropped", "replaced"].contains(transfer.state) {
        checkReplaced(transfer, txid, spenders, &findings)
      }
    }
    for entry in node(0).machine.mempool.ordered {
      for (vout, output) in entry.known.transaction.outputs.enumerated()
      where stored.addresses.contains(where: { $0.script == output.scriptPubKey }) {
        findings.require(
          stored.transfers.contains {
            $0.txid == entry.known.txid.bytes && $0.vout == Int64(vout)
          }, promise: 1, "\(entry.known.txid.displayHex) waits in the mempool unnoticed")
      }
    }
    if !findings.violations.isEmpty {
      throw Broken(reasons: findings.violations.map(\.description))
    }
  }

  /// Who spends each output, in the chain or in the mempool.
  private func spenders() -> [Outpoint: Hash32] {
    var spenders: [Outpoint: Hash32] = [:]
    let confirmed = (truth.branch(to: node(0).tip.hash) ?? []).flatMap(\.transactions)
    for known in confirmed + node(0).machine.mempool.ordered.map(\.known) {
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
    guard let transaction = truth.transactions[txid], !transaction.isCoinbase else { return }
    let inputs = transaction.inputs
    if inputs.contains(where: { spenders[$0.outpoint] != nil }) {
      findings.require(
        transfer.state == "replaced", promise: 2,
        "\(txid.displayHex) is \(transfer.state), but its coins are spent")
    }
  }

  /// At the end the watcher stands at the nodes' tip, every deadline is decided, the log is whole,
  /// and every payment has exactly the money that its address has in the chain.
  private func checkOutcome() async throws {
    let (stored, log) = try await world.database.read { connection in
      (try StoredState.read(from: connection), try EventChecker.read(after: 0, in: connection))
    }
    var findings = Findings()
    let differences = try await world.database.read { try ReplayCheck.differences(in: $0) }
    findings.require(
      differences.isEmpty, promise: 8, differences.prefix(5).joined(separator: "; "))
    let tip = node(0).tip
    findings.require(
      stored.cursor?.hash == tip.hash.bytes, promise: 1, "the cursor isn't at the tip \(tip)")
    events.checkUnchanged(log, &findings)
    findings.require(
      log.allSatisfy { $0.position != nil }, promise: 4, "events stay without a position")
    let now = world.time.now.microseconds
    var paid: [Int64: UInt64] = [:]
    let scripts = Dictionary(
      stored.addresses.map { ($0.script, $0.ordinal) }, uniquingKeysWith: { first, _ in first })
    for output in ChainTruth.outputs(in: truth.branch(to: tip.hash) ?? [], to: scripts)
    where output.value >= 546 { paid[output.ordinal, default: 0] += output.value }
    for payment in stored.payments {
      findings.require(
        payment.deadlinePassed || payment.expiresAt >= now, promise: 5,
        "\(payment.id)'s deadline passed unnoticed")
      findings.require(
        payment.received == String(paid[payment.ordinal] ?? 0), promise: 2,
        "\(payment.id) received \(payment.received), its address \(paid[payment.ordinal] ?? 0)")
    }
    if !findings.violations.isEmpty {
      throw Broken(reasons: findings.violations.map(\.description))
    }
  }
}
