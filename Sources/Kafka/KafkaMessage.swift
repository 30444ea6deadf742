internal import CKafka

/// A message as it was read.
package struct KafkaMessage: Sendable, Equatable {
  package let topic: String
  package let partition: Int32
  package let offset: Int64
  /// ms since 1970; nil where the message has none.
  package let timestampMilliseconds: Int64?
  package let key: [UInt8]?
  package let value: [UInt8]?
  /// In their order, at most `maximumHeaders`; a name may stand there several times.
  package let headers: [Header]

  package static let maximumHeaders = 64

  package struct Header: Sendable, Equatable {
    package let name: String
    package let value: [UInt8]
  }

  /// The last header of that name.
  package func header(_ name: String) -> [UInt8]? {
    headers.last { $0.name == name }?.value
  }

  init(copying message: UnsafePointer<rd_kafka_message_t>) {
    topic = message.pointee.rkt.map { String(cString: rd_kafka_topic_name($0)) } ?? ""
    partition = message.pointee.partition
    offset = message.pointee.offset
    var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
    let timestamp = rd_kafka_message_timestamp(message, &type)
    timestampMilliseconds = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? nil : timestamp
    key = Self.bytes(message.pointee.key, message.pointee.key_len)
    value = Self.bytes(message.pointee.payload, message.pointee.len)
    headers = Self.headers(of: message)
  }

  private static func headers(of message: UnsafePointer<rd_kafka_message_t>) -> [Header] {
    var list: OpaquePointer?
    guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else {
      return []
    }
    var headers: [Header] = []
    var name: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var size = 0
    while headers.count < maximumHeaders,
      rd_kafka_header_get_all(list, headers.count, &name, &value, &size)
        == RD_KAFKA_RESP_ERR_NO_ERROR
    {
      headers.append(
        Header(name: name.map { String(cString: $0) } ?? "", value: bytes(value, size) ?? []))
    }
    return headers
  }

  private static func bytes(_ start: UnsafeRawPointer?, _ count: Int) -> [UInt8]? {
    start.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) }
  }
}
