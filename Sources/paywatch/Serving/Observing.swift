internal import Bytes
internal import ChainTypes
internal import Claiming
internal import Database
internal import EventLog
internal import Logging
internal import Orders
internal import Payments
internal import Settings
internal import Settlement
internal import Telemetry
internal import Watching

/// Keeps the metrics that are asked for rather than counted where things happen.
struct Observing: Sendable {
  let surroundings: Surroundings

  private static let interval = Duration.seconds(5)

  /// Of this process: its connections.
  func run() async {
    let metrics = surroundings.metrics
    let idle = metrics.gauge(.poolConnections, "idle")
    let busy = metrics.gauge(.poolConnections, "busy")
    let waiting = metrics.gauge(.poolWaiting)
    while !Task.isCancelled {
      let pool = surroundings.statistics()
      idle.set(Int64(pool.open - pool.inUse))
      busy.set(Int64(pool.inUse))
      waiting.set(Int64(pool.waiting))
      try? await Task.sleep(for: Self.interval)
    }
  }

  /// Of what all processes do together: for the one that relays.
  func runForAll() async {
    let metrics = surroundings.metrics
    let (age, count) = (metrics.gauge(.outboxAgeSeconds), metrics.gauge(.outboxEvents))
    let isCopied = surroundings.plan.configuration.kafka != nil
    var counted: Int64?
    while !Task.isCancelled {
      do {
        let now = SystemTime().now
        let (waiting, backlog, free, refunds, stuck) = try await surroundings.database.read {
          (
            try EventsWaiting(in: $0), isCopied ? try RelayRecords.backlog(in: $0) : nil,
            try AddressPool.freeCounts(in: $0), try RefundRecords.unfinishedCounts(in: $0),
            try OutgoingWaits.stuckCounts(in: $0)
          )
        }
        count.set(waiting.count + (backlog?.count ?? 0))
        let oldest = backlog?.oldest ?? waiting.oldest
        age.set(oldest.map { max(0, (now.microseconds - $0.microseconds) / 1_000_000) } ?? 0)
        for (tenant, number) in free { metrics.gauge(.freeAddresses, tenant).set(number) }
        for (status, number) in refunds {
          metrics.gauge(.unfinishedRefunds, status.rawValue).set(number)
        }
        for (chain, number) in stuck { metrics.gauge(.stuckTransactions, chain).set(number) }
        try await observeBooks()
        try await observeOrders(at: now)
        try await observeClaims(at: now)
        counted = try await countPayments(after: counted)
      } catch {
        surroundings.logger.error("measuring failed", metadata: ["error": "\(error)"])
      }
      try? await Task.sleep(for: Self.interval)
    }
  }

  /// Of orders that go on, or that somebody must see to.
  private func observeOrders(at now: Timestamp) async throws {
    let metrics = surroundings.metrics
    let (statuses, attentions, timers) = try await surroundings.database.read {
      (
        try OrderRecords.unfinishedCounts(in: $0), try OrderRecords.attentionCounts(in: $0),
        try OrderRecords.dueTimers(at: now, in: $0)
      )
    }
    for (status, count) in statuses {
      metrics.gauge(.unfinishedOrders, status.rawValue).set(count)
    }
    for (attention, count) in attentions {
      metrics.gauge(.ordersToSeeTo, attention.rawValue).set(count)
    }
    metrics.gauge(.dueOrderTimers).set(timers.count)
    metrics.gauge(.dueOrderTimerSeconds).set(
      timers.oldest.map { max(0, (now.microseconds - $0.microseconds) / 1_000_000) } ?? 0)
  }

  /// Of orders that wait to be handed over.
  private func observeClaims(at now: Timestamp) async throws {
    let metrics = surroundings.metrics
    let (counts, idleSince) = try await surroundings.database.read {
      try ClaimRecords.unfinished(in: $0)
    }
    for (status, count) in counts {
      metrics.gauge(.unfinishedClaims, status.rawValue).set(count)
    }
    metrics.gauge(.idleClaimSeconds).set(
      idleSince.map { max(0, (now.microseconds - $0.microseconds) / 1_000_000) } ?? 0)
  }

  /// Of the ledger, and of the last comparisons of it with the chains.
  private func observeBooks() async throws {
    let metrics = surroundings.metrics
    let (imbalances, last) = try await surroundings.database.read {
      (try LedgerRecords.imbalances(in: $0), try ReconciliationRecords.all(in: $0))
    }
    let specs = surroundings.plan.configuration.chains.map(\.spec)
    for imbalance in imbalances {
      let spec = specs.first { $0.name == imbalance.chain }
      let asset =
        imbalance.contract.map { contract in
          spec?.token(contract)?.asset.symbol ?? "0x\(contract.hex)"
        } ?? spec?.coin.asset.symbol ?? "coin"
      metrics.gauge(.ledgerImbalance, imbalance.chain.text, asset).set(imbalance.amount.clamped)
    }
    for reconciliation in last {
      let chain = reconciliation.chain.text
      metrics.gauge(.reconciliationDifferences, chain).set(reconciliation.differences)
      metrics.gauge(.reconciliationFinished, chain)
        .set(reconciliation.finishedAt.microseconds / 1_000_000)
    }
  }

  /// Counts what was credited and taken back since `position`; where counting has come to.
  private func countPayments(after position: Int64?) async throws -> Int64 {
    let (last, changes) = try await surroundings.database.read { connection in
      let last = try EventLog.lastPosition(in: connection)
      return (
        last,
        try PaymentRecords.creditChanges(after: position ?? last, through: last, in: connection)
      )
    }
    for change in changes {
      let metric = change.isReversal ? Metric.reversedPayments : .creditedPayments
      surroundings.metrics.counter(metric, change.chain).add(UInt64(max(0, change.count)))
    }
    return last
  }
}
