internal import Bytes
internal import ChainTypes
internal import Database
internal import Deployment
internal import Digests
internal import EventLog
internal import Kafka
internal import Keys
internal import Payments
internal import Settlement
internal import Synchronization
internal import Watching

/// What `paywatch serve` runs between a chain's nodes and its brokers, in this process: watcher,
/// durable store, sequencer and relay, and behind them a consumer that says when an event could be
/// read.
struct LatencyPipeline {
  private let spec: ChainSpec
  private let store: DurableStore
  private let database: any Database
  private let addresses: AddressPool
  private let service: PaymentService
  private let consumer: KafkaConsumer
  private let cluster: MockCluster
  private let tasks: [Task<Void, any Error>]
  private let requested = Requested()
  private let failure: Failure

  private static let shop = "shop"
  private static let region = "eu"

  private final class Requested { var count = 0 }

  /// The first one of a task that should have gone on.
  private final class Failure: Sendable {
    private let error = Mutex<(any Error)?>(nil)

    /// Notes why `body` failed, unless its task was cancelled.
    func keeping(_ body: () async throws -> Void) async throws {
      do {
        try await body()
      } catch {
        if !Task.isCancelled { self.error.withLock { $0 = $0 ?? error } }
        throw error
      }
    }

    func check() throws {
      if let error = error.withLock({ $0 }) { throw BenchmarkFailure("the pipeline: \(error)") }
    }
  }

  /// What steps, and returns when there may be something new.
  struct Watch: Sendable {
    let watcher: any ChainWatcher
    /// As `paywatch serve` waits between steps.
    let wait: @Sendable (BlockRef?) async -> Void
  }

  /// - Parameters:
  ///   - keys: of the shop's account
  ///   - makeWatch: given the store
  static func start(
    _ spec: ChainSpec, keys: AccountKeys, makeWatch: (ChainStore) throws -> Watch
  ) async throws -> LatencyPipeline {
    let store = try await DurableStore(.sqlite)
    let database = try await store.makeDatabase("latency")
    try await Schema.migrate(database)
    let addresses = AddressPool(database: database, ready: 1_000)
    _ = try await addresses.register(
      AddressPool.Account(tenant: shop, region: region, epoch: 0, keys: keys))
    while try await addresses.fill(spec.family) > 0 {}

    let cluster = try LoadedRelay.makeCluster()
    let configuration = try KafkaConfiguration(brokers: cluster.brokers)
    let consumer = try KafkaConsumer(configuration, log: { _ in })
    let topic = EventTopic.payment.name
    let partitions = try await consumer.partitionCount(of: topic) ?? 0
    try await consumer.assign(
      Dictionary(
        uniqueKeysWithValues: (0..<partitions).map { (.init(topic, $0), .beginning) }))

    let feed = EventFeed()
    let sequencer = Sequencer(database: database, feed: feed)
    let relay = Relay(
      database: database, sink: KafkaEventSink(configuration, log: { _ in }), check: { _ in })
    let watch = try makeWatch(ChainStore(database: database, specs: [spec]))
    let failure = Failure()
    let tasks = [
      Task { try await failure.keeping { try await Self.run(watch) { sequencer.wake() } } },
      Task {
        try await failure.keeping {
          try await sequencer.run(every: .milliseconds(500), clock: ContinuousClock()) { _ in }
        }
      },
      Task { for await _ in feed.changes() { relay.wake() } },
      Task {
        try await failure.keeping {
          try await relay.run(every: .milliseconds(500), clock: ContinuousClock())
        }
      },
    ]
    return LatencyPipeline(
      spec: spec, store: store, database: database, addresses: addresses,
      service: PaymentService(specs: [spec], policies: [shop: TenantPolicy()], region: region),
      consumer: consumer, cluster: cluster, tasks: tasks, failure: failure)
  }

  private static func run(_ watch: Watch, onStep: () -> Void) async throws {
    while !Task.isCancelled {
      do {
        let report = try await watch.watcher.step()
        onStep()
        if !report.isBusy { await watch.wait(report.tip) }
      } catch is StaleCursor {
        // Addresses came while it looked: it looks again.
      }
    }
  }

  // MARK: Rounds

  /// Makes payments, each with a watched address of its own.
  func request(_ count: Int, amount: UInt256) async throws -> [PaymentTerms] {
    while try await addresses.fill(spec.family) > 0 {}
    var payments: [PaymentTerms] = []
    while payments.count < count {
      requested.count += 1
      let request = PaymentRequest(
        tenant: Self.shop, orderID: "order-\(requested.count)", chain: spec.name, amount: amount)
      let random = SHA256.hash(Array(request.orderID.utf8)).words
      let (service, now) = (service, SystemTime().now)
      do {
        let payment = try await database.groupedWrite { connection in
          try service.create(request, now: now, random: (random.0, random.1), in: connection)
        }
        payments.append(payment.terms)
      } catch PaymentRefusal.noAddressReady {
        // The watcher hasn't learned of the new ones yet.
        try failure.check()
        try await Task.sleep(for: .milliseconds(20))
      }
    }
    return payments
  }

  /// When the consumer had read an event of a payment, by `WallClock`.
  func arrival(_ kind: PaymentEvent.Kind, of payment: PaymentTerms) async throws -> Int64 {
    let deadline = WallClock.nanoseconds + 30_000_000_000
    while WallClock.nanoseconds < deadline {
      try failure.check()
      let batch = try await consumer.poll(limit: 1_000, timeout: .seconds(1))
      let now = WallClock.nanoseconds
      for message in batch.messages where message.key == Array(payment.id.utf8) {
        let event = try CloudEvent(json: message.value ?? [])
        if event.type == kind.type { return now }
      }
    }
    throw BenchmarkFailure("\(kind.type) of \(payment.id) didn't come in 30 s")
  }

  func close() async throws {
    for task in tasks { task.cancel() }
    for task in tasks { _ = await task.result }
    await consumer.close()
    try await database.close()
    await store.close()
    withExtendedLifetime(cluster) {}
  }
}
