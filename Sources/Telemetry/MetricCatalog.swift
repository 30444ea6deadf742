/// All metrics there are. Names end in their unit, and in `_total` where they only grow.
extension Metric {
  // MARK: Chains

  package static let chainHeight = Metric(
    "paywatch_chain_height", .gauge, labels: ["chain"], help: "Height of the watched tip.")
  package static let chainLagSeconds = Metric(
    "paywatch_chain_lag_seconds", .gauge, labels: ["chain"],
    help: "Age of the last step that agreed with the nodes about the tip.")
  package static let coverageHoles = Metric(
    "paywatch_coverage_holes", .gauge, labels: ["chain"],
    help: "Places where blocks weren't scanned; anything but 0 is an alarm.")
  package static let mempoolLookedThrough = Metric(
    "paywatch_mempool_looked_through_seconds", .gauge, labels: ["chain"],
    help: "Unix time through which mempools were looked through; deadlines wait for it.")
  package static let detectionMilliseconds = Metric(
    "paywatch_detection_milliseconds", .histogram(bounds: Histogram.detectionBounds),
    labels: ["chain"],
    help: "Time from when the watcher noticed that a node has a new tip to the commit of what it "
      + "changed.")
  package static let balanceProofs = Metric(
    "paywatch_balance_proofs_total", .counter, labels: ["chain", "outcome"],
    help: "Balances held against what is known, where blocks aren't traced: proved, or not "
      + "(unproved counts blocks at which no node gave any).")
  package static let rpcCalls = Metric(
    "paywatch_rpc_calls_total", .counter, labels: ["node", "method", "outcome"],
    help: "Calls to a node by method and outcome.")
  package static let rpcMilliseconds = Metric(
    "paywatch_rpc_milliseconds", .histogram(bounds: Histogram.latencyBounds),
    labels: ["node", "method"], help: "Time until a call's outcome, with retries.")

  // MARK: Money

  package static let creditedPayments = Metric(
    "paywatch_payments_credited_total", .counter, labels: ["chain"],
    help: "Times that a payment became paid.")
  package static let reversedPayments = Metric(
    "paywatch_payments_reversed_total", .counter, labels: ["chain"],
    help: "Times that a payment lost a status, by a reorganisation or a replacement.")
  package static let freeAddresses = Metric(
    "paywatch_addresses_free", .gauge, labels: ["tenant"],
    help: "Addresses that were derived and that no payment has.")
  package static let unfinishedRefunds = Metric(
    "paywatch_refunds_unfinished", .gauge, labels: ["status"],
    help: "Refunds that are neither final nor ended, by status.")
  package static let stuckTransactions = Metric(
    "paywatch_outgoing_stuck", .gauge, labels: ["chain"],
    help: "Signed transactions of ours that no block takes; anything but 0 wants somebody to look.")
  package static let ledgerImbalance = Metric(
    "paywatch_ledger_imbalance", .gauge, labels: ["chain", "asset"],
    help: "Debits less credits of all of the ledger's accounts, in minor units; anything but 0 is "
      + "an alarm.")
  package static let reconciliationDifferences = Metric(
    "paywatch_reconciliation_differences", .gauge, labels: ["chain"],
    help: "Differences from the chain and the ledger that the last recorded payctl reconcile found."
  )
  package static let reconciliationFinished = Metric(
    "paywatch_reconciliation_finished_seconds", .gauge, labels: ["chain"],
    help: "Unix time at which the last recorded payctl reconcile ended.")

  // MARK: Prices

  package static let priceAgeSeconds = Metric(
    "paywatch_price_age_seconds", .gauge, labels: ["pair"],
    help: "Age of the pair's last rate on which enough sources agreed.")
  package static let priceSources = Metric(
    "paywatch_price_sources", .gauge, labels: ["pair"],
    help: "Sources that agree on the pair's rate now.")

  // MARK: Orders

  package static let unfinishedOrders = Metric(
    "paywatch_orders_unfinished", .gauge, labels: ["status"],
    help: "Orders that are neither completed nor canceled, by status.")
  package static let ordersToSeeTo = Metric(
    "paywatch_orders_attention", .gauge, labels: ["attention"],
    help: "Orders that somebody must see to, by what for.")
  package static let dueOrderTimers = Metric(
    "paywatch_order_timers_due", .gauge,
    help: "Orders whose next step or deadline is due, and that nobody has carried on.")
  package static let dueOrderTimerSeconds = Metric(
    "paywatch_order_timers_due_seconds", .gauge,
    help: "How long the first of them has been due.")

  // MARK: Claims

  package static let unfinishedClaims = Metric(
    "paywatch_claims_unfinished", .gauge, labels: ["status"],
    help: "Claims that are neither processed nor canceled, by status.")
  package static let idleClaimSeconds = Metric(
    "paywatch_claims_idle_seconds", .gauge,
    help: "How long ago something happened last to the open claim that waits the longest.")

  // MARK: Events

  package static let outboxAgeSeconds = Metric(
    "paywatch_outbox_age_seconds", .gauge,
    help: "Age of the oldest event that isn't published; without brokers, that has no position.")
  package static let outboxEvents = Metric(
    "paywatch_outbox_events", .gauge,
    help: "Events that aren't published; without brokers, those that have no position.")
  package static let relayedEvents = Metric(
    "paywatch_relay_events_total", .counter, help: "Events that this process has published.")

  // MARK: Notifications

  package static let pendingDeliveries = Metric(
    "paywatch_deliveries_pending", .gauge, labels: ["channel"],
    help: "Deliveries that are still to arrive.")
  package static let oldestDeliverySeconds = Metric(
    "paywatch_deliveries_oldest_seconds", .gauge, labels: ["channel"],
    help: "Age of the oldest delivery that is still to arrive; 0 where there is none.")
  package static let deliveryAttempts = Metric(
    "paywatch_delivery_attempts_total", .counter, labels: ["channel", "outcome"],
    help: "Attempts to deliver, by outcome.")
  package static let deliveryMilliseconds = Metric(
    "paywatch_delivery_milliseconds", .histogram(bounds: Histogram.latencyBounds),
    labels: ["channel"], help: "Time that an attempt to deliver took.")

  // MARK: Processes

  package static let leaseHeld = Metric(
    "paywatch_lease_held", .gauge, labels: ["lease"],
    help: "1 where this process does what only one may do.")

  // MARK: Requests, database, cache

  package static let httpRequests = Metric(
    "paywatch_http_requests_total", .counter, labels: ["route", "method", "status"],
    help: "Requests answered, by route, method and status.")
  package static let httpRequestMilliseconds = Metric(
    "paywatch_http_request_milliseconds", .histogram(bounds: Histogram.latencyBounds),
    labels: ["route"],
    help: "Time from a request's head to its answer's head, in milliseconds.")
  package static let serviceCalls = Metric(
    "paywatch_service_calls_total", .counter, labels: ["method", "status"],
    help: "Calls to services in other processes, by method and gRPC status.")
  package static let serviceAnswers = Metric(
    "paywatch_service_answers_total", .counter, labels: ["method", "status"],
    help: "Calls of other processes that were answered, by method and gRPC status.")
  package static let poolConnections = Metric(
    "paywatch_database_connections", .gauge, labels: ["state"],
    help: "Connections of the database's pool: idle or busy.")
  package static let poolWaiting = Metric(
    "paywatch_database_waiting", .gauge,
    help: "Transactions that wait for a connection to the database.")
  package static let cacheHits = Metric(
    "paywatch_cache_hits_total", .counter,
    help: "Reads of orders, stock and claims that Redis answered.")
  package static let cacheMisses = Metric(
    "paywatch_cache_misses_total", .counter,
    help: "Reads of orders, stock and claims that the database had to answer.")
}

package enum MetricCatalog {
  package static let all: [Metric] = [
    .chainHeight, .chainLagSeconds, .coverageHoles, .mempoolLookedThrough, .detectionMilliseconds,
    .balanceProofs, .rpcCalls, .rpcMilliseconds, .creditedPayments, .reversedPayments,
    .freeAddresses, .unfinishedRefunds, .stuckTransactions, .ledgerImbalance,
    .reconciliationDifferences,
    .reconciliationFinished, .unfinishedOrders, .ordersToSeeTo, .dueOrderTimers,
    .dueOrderTimerSeconds, .unfinishedClaims, .idleClaimSeconds,
    .priceAgeSeconds, .priceSources, .outboxAgeSeconds,
    .outboxEvents, .relayedEvents,
    .pendingDeliveries, .oldestDeliverySeconds, .deliveryAttempts, .deliveryMilliseconds,
    .leaseHeld, .httpRequests,
    .httpRequestMilliseconds, .serviceCalls, .serviceAnswers, .poolConnections, .poolWaiting,
    .cacheHits, .cacheMisses,
  ]
}
