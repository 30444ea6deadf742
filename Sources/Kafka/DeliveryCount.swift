internal import CKafka
internal import Synchronization

/// What delivery reports have said.
final class DeliveryCount: Sendable {
  private let delivered = Atomic<Int>(0)
  private let failed = Atomic<Int>(0)
  private let firstFailure = Atomic<Int32>(0)

  func add(_ error: rd_kafka_resp_err_t) {
    guard error != RD_KAFKA_RESP_ERR_NO_ERROR else {
      delivered.add(1, ordering: .relaxed)
      return
    }
    failed.add(1, ordering: .relaxed)
    _ = firstFailure.compareExchange(expected: 0, desired: error.rawValue, ordering: .relaxed)
  }

  func reset() {
    delivered.store(0, ordering: .relaxed)
    failed.store(0, ordering: .relaxed)
    firstFailure.store(0, ordering: .relaxed)
  }

  /// Throws unless `count` messages have been delivered since the last reset and none has failed.
  func check(_ count: Int) throws(KafkaError) {
    let failure = firstFailure.load(ordering: .relaxed)
    guard failure == 0 else { throw KafkaError(rd_kafka_resp_err_t(rawValue: failure)) }
    let delivered = delivered.load(ordering: .relaxed)
    guard delivered == count else {
      throw KafkaError(
        RD_KAFKA_RESP_ERR__FAIL, "\(delivered) of \(count) messages were reported as delivered")
    }
  }
}
