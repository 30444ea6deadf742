internal import Aggregates
internal import Cache
internal import ChainTypes
internal import Database
internal import Deployment
internal import EventLog
internal import Foundation
internal import Kafka
internal import Leases
internal import Logging
internal import Settings
internal import Telemetry
internal import Watching

/// What all parts of a process share.
struct Surroundings: Sendable {
  let plan: Plan
  /// Knows the trace of the task that asks; what is written through it is forgotten by `reads`.
  let database: any Database
  let statistics: @Sendable () -> PoolStatistics
  /// Redis where it is configured, else this process's own.
  let cache: any Cache
  /// Where records are read through Redis; nil without one: a process's own cache would know
  /// nothing of what other processes, and payctl, write.
  let reads: CacheAside?
  let metrics: MetricsRegistry
  let logger = Logger(label: "paywatch")
  /// Tells this process from every other, also from one that had its number before.
  let holder: String

  init(plan: Plan, database: any Database, metrics: MetricsRegistry) throws {
    self.plan = plan
    statistics = { database.statistics }
    self.metrics = metrics
    let logger = logger
    cache =
      try plan.configuration.redis?.cache { logger.info("redis", metadata: ["change": "\($0)"]) }
      ?? InProcessCache { SystemTime().uptime }
    let traced = TracedDatabase(database)
    if plan.configuration.redis == nil {
      reads = nil
      self.database = traced
    } else {
      let reads = CacheAside(cache, metrics: CacheMetrics(metrics))
      self.reads = reads
      self.database = InvalidatingDatabase(traced, reads)
    }
    let process = ProcessInfo.processInfo
    holder = "\(process.hostName):\(process.processIdentifier):\(UUID().uuidString.prefix(8))"
  }

  /// What librdkafka says, by syslog's levels: it repeats what passes by itself, so only what is an
  /// error there is a warning here.
  var kafkaLog: KafkaLog {
    { [logger] line in
      logger.log(
        level: line.level <= 3 ? .warning : .debug, "kafka",
        metadata: ["facility": "\(line.facility)", "text": "\(line.text)"])
    }
  }

  /// The way to the configured brokers.
  func brokers() throws -> KafkaEventSink? {
    try plan.configuration.kafka?.sink(region: region, log: kafkaLog)
  }

  var region: String { plan.configuration.region }

  /// Runs `body` while this process holds the lease; others stand by.
  ///
  /// - Parameter floor: the latest epoch that the rows written under the lease know of
  func whileHolding(
    _ name: String,
    above floor: @escaping @Sendable (any SQLConnection) throws -> Int64 = { _ in 0 },
    _ body: @escaping @Sendable (Lease) async throws -> Void
  ) async throws {
    let gauge = metrics.gauge(.leaseHeld, name)
    let logger = logger
    let holder = LeaseHolder(
      database: database, name: name, holder: holder, above: floor,
      clock: ContinuousClock()
    ) { news in
      switch news {
      case .taken(let lease):
        gauge.set(1)
        logger.info("lease taken", metadata: ["lease": "\(lease.name)", "epoch": "\(lease.epoch)"])
      case .lost(let lease):
        gauge.set(0)
        logger.warning(
          "lease lost", metadata: ["lease": "\(lease.name)", "epoch": "\(lease.epoch)"])
      case .released(let lease):
        gauge.set(0)
        logger.info("lease released", metadata: ["lease": "\(lease.name)"])
      case .failed(let error):
        logger.error(
          "asking for a lease failed", metadata: ["lease": "\(name)", "error": "\(error)"])
      }
    }
    gauge.set(0)
    try await holder.run(body)
  }
}
