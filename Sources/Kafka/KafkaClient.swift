internal import CKafka
internal import Dispatch
internal import Synchronization

/// A librdkafka client, and the thread on which what blocks is called.
final class KafkaClient: Sendable {
  /// What librdkafka's callbacks need.
  final class Context: Sendable {
    let log: KafkaLog
    let deliveries = DeliveryCount()

    init(log: @escaping KafkaLog) { self.log = log }
  }

  let context: Context
  // librdkafka's clients may be used by all threads. This one is freed once: on its own thread by
  // `close`, behind which `run` finds `isClosed` and leaves it alone, or else with the last
  // reference.
  private nonisolated(unsafe) let pointer: OpaquePointer
  private let queue: DispatchQueue
  private let isClosed = Atomic<Bool>(false)

  init(
    _ type: rd_kafka_type_t, _ properties: KafkaProperties, _ configuration: KafkaConfiguration?,
    log: @escaping KafkaLog
  ) throws(KafkaError) {
    // Small requests would wait for the acknowledgement of those before, which TCP delays by 40 ms.
    try properties.set(["socket.nagle.disable": "true"])
    for (name, value) in configuration?.properties ?? [:] { _ = properties.set(name, value) }
    try properties.set(["client.id": "paywatch", "log.connection.close": "false"])
    if let configuration {
      try properties.set(["bootstrap.servers": configuration.brokers.joined(separator: ",")])
    }
    context = Context(log: log)
    pointer = try properties.makeClient(
      type, context: Unmanaged.passUnretained(context).toOpaque())
    queue = DispatchQueue(label: "kafka")
  }

  deinit { if !isClosed.load(ordering: .relaxed) { rd_kafka_destroy(pointer) } }

  /// Runs `body` on the client's thread, after what was handed in before. It gets a flag that
  /// turns true when the caller's task is cancelled.
  func run<Value: Sendable>(
    _ body: @escaping @Sendable (OpaquePointer, _ isCancelled: () -> Bool) throws -> Value
  ) async throws -> Value {
    let flag = CancellationFlag()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        queue.async { [self] in
          continuation.resume(
            with: Result {
              guard !isClosed.load(ordering: .relaxed) else {
                throw KafkaError(RD_KAFKA_RESP_ERR__DESTROY, "the client was closed")
              }
              return try body(pointer) { flag.isSet }
            })
        }
      }
    } onCancel: {
      flag.set()
    }
  }

  /// Frees the client once what was handed in before has run; `body` comes first. Everything after
  /// throws.
  func close(_ body: @escaping @Sendable (OpaquePointer) -> Void = { _ in }) async {
    await withCheckedContinuation { continuation in
      queue.async { [self] in
        if !isClosed.exchange(true, ordering: .relaxed) {
          body(pointer)
          rd_kafka_destroy(pointer)
        }
        continuation.resume()
      }
    }
  }
}

/// Set once, from any thread.
private final class CancellationFlag: Sendable {
  private let flag = Atomic<Bool>(false)

  var isSet: Bool { flag.load(ordering: .relaxed) }

  func set() { flag.store(true, ordering: .relaxed) }
}

// What is set up once, before anyone else knows the client.
extension KafkaClient {
  /// Lets `rd_kafka_consumer_poll` bring everything.
  func forwardToConsumerQueue() { rd_kafka_poll_set_consumer(pointer) }

  func makeMockCluster(brokers: Int32) -> OpaquePointer? {
    rd_kafka_mock_cluster_new(pointer, brokers)
  }
}
