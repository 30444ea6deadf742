internal import CKafka

/// Sends messages, each once: idempotent, acknowledged by all replicas in sync, compressed, and
/// with a transactional id in transactions that fence every earlier producer of that id.
package final class KafkaProducer: Sendable {
  private let client: KafkaClient
  private let isTransactional: Bool
  private let timeout: Duration

  /// How many messages and KiB wait in the client at most; who sends more waits.
  package static let maximumWaitingMessages = 100_000
  package static let maximumWaitingKibibytes = 65_536
  /// The longest message: an event's data, with room for its envelope.
  package static let maximumMessageBytes = 2 << 20

  /// `timeout` bounds a transaction, and whatever else waits for brokers.
  package init(
    _ configuration: KafkaConfiguration, transactionalID: String?,
    timeout: Duration = .seconds(60), log: @escaping KafkaLog
  ) throws(KafkaError) {
    let properties = KafkaProperties()
    let compression = properties.compression
    isTransactional = transactionalID != nil
    self.timeout = timeout
    try properties.set([
      "linger.ms": "5",
      "batch.num.messages": "10000",
      "compression.type": compression,
      "queue.buffering.max.messages": "\(Self.maximumWaitingMessages)",
      "queue.buffering.max.kbytes": "\(Self.maximumWaitingKibibytes)",
      "message.max.bytes": "\(Self.maximumMessageBytes)",
      "enable.idempotence": "true",
      "acks": "all",
    ])
    if let transactionalID {
      try properties.set([
        "transactional.id": transactionalID,
        "transaction.timeout.ms": "\(max(1_000, timeout.milliseconds))",
      ])
    }
    client = try KafkaClient(RD_KAFKA_PRODUCER, properties, configuration, log: log)
  }

  /// Puts out every earlier producer of the transactional id, and waits until what it left is
  /// committed or aborted. Once, before the first `write`.
  package func initTransactions() async throws {
    let timeout = timeout
    try await client.run { client, isCancelled in
      let deadline = Deadline(after: timeout)
      try Self.repeating(until: deadline, isCancelled) {
        rd_kafka_init_transactions(client, $0)
      }
    }
  }

  /// Sends what `body` hands in, in one transaction where there is a transactional id, and returns
  /// once it is committed, else once all of it is acknowledged.
  package func write(
    _ body: @escaping @Sendable (inout KafkaBatchWriter) throws -> Void
  ) async throws {
    let context = client.context
    let (isTransactional, timeout) = (isTransactional, timeout)
    try await client.run { client, isCancelled in
      let deadline = Deadline(after: timeout)
      context.deliveries.reset()
      if isTransactional { try KafkaError.check(rd_kafka_begin_transaction(client)) }
      do {
        let count = try withoutActuallyEscaping(isCancelled) { isCancelled in
          var writer = KafkaBatchWriter(client, deadline: deadline, isCancelled: isCancelled)
          try body(&writer)
          return writer.count
        }
        try Self.flush(client, until: deadline, isCancelled)
        try context.deliveries.check(count)
        if isTransactional {
          try Self.repeating(until: deadline, isCancelled) {
            rd_kafka_commit_transaction(client, $0)
          }
        }
      } catch {
        throw isTransactional ? Self.abort(client, after: error) : error
      }
    }
  }

  package func close() async {
    await client.close { client in
      // Whatever is left belongs to no commit.
      rd_kafka_purge(client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
      rd_kafka_flush(client, 0)
    }
  }

  /// Waits until every message is acknowledged or has failed.
  private static func flush(
    _ client: OpaquePointer, until deadline: Deadline, _ isCancelled: () -> Bool
  ) throws {
    while true {
      let code = rd_kafka_flush(client, deadline.milliseconds(atMost: 200))
      guard code == RD_KAFKA_RESP_ERR__TIMED_OUT else { return try KafkaError.check(code) }
      if isCancelled() { throw CancellationError() }
      guard !deadline.hasPassed else { throw KafkaError(code, "the brokers don't acknowledge") }
    }
  }

  /// Aborts the transaction and returns why it failed: being fenced shows only now where the first
  /// error could also have been a passing one.
  private static func abort(_ client: OpaquePointer, after error: any Error) -> any Error {
    if let error = error as? KafkaError, error.isFatal { return error }
    do {
      try KafkaError.check(rd_kafka_abort_transaction(client, 2_000))
    } catch {
      if error.isFenced { return error }
    }
    return error
  }

  /// Calls what goes on where it was when it is called again, until it is done.
  private static func repeating(
    until deadline: Deadline, _ isCancelled: () -> Bool,
    _ call: (_ milliseconds: Int32) -> OpaquePointer?
  ) throws {
    while let answer = call(deadline.milliseconds(atMost: 500)) {
      let error = KafkaError(consuming: answer)
      guard error.isRetriable, !deadline.hasPassed else { throw error }
      if isCancelled() { throw CancellationError() }
    }
  }
}
