internal import CKafka

/// Hands messages to a producer, on its thread.
package struct KafkaBatchWriter {
  private let client: OpaquePointer
  private let deadline: Deadline
  private let isCancelled: () -> Bool
  /// How many messages were handed in.
  package private(set) var count = 0

  init(_ client: OpaquePointer, deadline: Deadline, isCancelled: @escaping () -> Bool) {
    self.client = client
    self.deadline = deadline
    self.isCancelled = isCancelled
  }

  /// A message's header; `name` ends with a zero byte.
  package struct Header {
    package let name: UnsafePointer<CChar>
    package let value: UnsafeRawBufferPointer

    package init(name: UnsafePointer<CChar>, value: UnsafeRawBufferPointer) {
      self.name = name
      self.value = value
    }
  }

  package static let maximumHeaders = 4

  /// Hands in a message; key, value and headers are copied. Waits where the client's queue is full.
  /// `topic` ends with a zero byte.
  package mutating func add(
    topic: UnsafePointer<CChar>, partition: Int32, key: UnsafeRawBufferPointer,
    value: UnsafeRawBufferPointer, headers: [Header]
  ) throws {
    precondition(headers.count <= Self.maximumHeaders, "a message has few headers")
    try withUnsafeTemporaryAllocation(
      of: rd_kafka_vu_t.self, capacity: 5 + Self.maximumHeaders
    ) { fields in
      fields.initialize(repeating: rd_kafka_vu_t())
      fields[0].vtype = RD_KAFKA_VTYPE_TOPIC
      fields[0].u.cstr = topic
      fields[1].vtype = RD_KAFKA_VTYPE_PARTITION
      fields[1].u.i32 = partition
      fields[2].vtype = RD_KAFKA_VTYPE_KEY
      fields[2].u.mem = .init(
        ptr: UnsafeMutableRawPointer(mutating: key.baseAddress), size: key.count)
      fields[3].vtype = RD_KAFKA_VTYPE_VALUE
      fields[3].u.mem = .init(
        ptr: UnsafeMutableRawPointer(mutating: value.baseAddress), size: value.count)
      fields[4].vtype = RD_KAFKA_VTYPE_MSGFLAGS
      fields[4].u.i = RD_KAFKA_MSG_F_COPY
      for (index, header) in headers.enumerated() {
        fields[5 + index].vtype = RD_KAFKA_VTYPE_HEADER
        fields[5 + index].u.header = .init(
          name: header.name, val: header.value.baseAddress, size: header.value.count)
      }
      try produce(fields.baseAddress, count: 5 + headers.count)
    }
    count += 1
    // Serves delivery reports meanwhile, so that they don't pile up.
    if count & 1_023 == 0 { rd_kafka_poll(client, 0) }
  }

  private func produce(_ fields: UnsafePointer<rd_kafka_vu_t>?, count: Int) throws {
    while let answer = rd_kafka_produceva(client, fields, count) {
      let error = KafkaError(consuming: answer)
      guard error.isCode(RD_KAFKA_RESP_ERR__QUEUE_FULL), !deadline.hasPassed else { throw error }
      if isCancelled() { throw CancellationError() }
      rd_kafka_poll(client, deadline.milliseconds(atMost: 50))
    }
  }
}
