package import CKafka

/// What librdkafka or a broker answered.
package struct KafkaError: Error, Sendable, Equatable {
  /// The protocol's error code; below 0, librdkafka's own.
  package let code: Int32
  /// The code's name, such as `NOT_LEADER_FOR_PARTITION`.
  package let name: String
  package let message: String
  /// The client can do nothing more.
  package let isFatal: Bool
  /// The same call may be made again.
  package let isRetriable: Bool
  /// The transaction can only be aborted.
  package let requiresAbort: Bool

  package init(_ code: rd_kafka_resp_err_t, _ message: String? = nil, isFatal: Bool = false) {
    self.code = code.rawValue
    name = String(cString: rd_kafka_err2name(code))
    self.message = message ?? String(cString: rd_kafka_err2str(code))
    self.isFatal = isFatal
    isRetriable = false
    requiresAbort = false
  }

  /// Takes over an error object, and frees it.
  init(consuming error: OpaquePointer) {
    code = rd_kafka_error_code(error).rawValue
    name = String(cString: rd_kafka_error_name(error))
    message = String(cString: rd_kafka_error_string(error))
    isFatal = rd_kafka_error_is_fatal(error) != 0
    isRetriable = rd_kafka_error_is_retriable(error) != 0
    requiresAbort = rd_kafka_error_txn_requires_abort(error) != 0
    rd_kafka_error_destroy(error)
  }

  /// Throws what a call returned, if anything.
  static func check(_ error: OpaquePointer?) throws(KafkaError) {
    if let error { throw KafkaError(consuming: error) }
  }

  static func check(_ code: rd_kafka_resp_err_t) throws(KafkaError) {
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code) }
  }

  func isCode(_ code: rd_kafka_resp_err_t) -> Bool { self.code == code.rawValue }

  /// Another producer of the same transactional id has taken over.
  package var isFenced: Bool {
    isCode(RD_KAFKA_RESP_ERR__FENCED) || isCode(RD_KAFKA_RESP_ERR_PRODUCER_FENCED)
      || isFatal && isCode(RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH)
  }
}

extension KafkaError: CustomStringConvertible {
  package var description: String { "\(message) (\(name))" }
}
