internal import Bytes

/// Turns logs as a node writes them in JSON into their encodings.
struct LogEncoder {
  private var fields = LogFields()

  /// Reads the object that comes next and appends [address, [topics], data].
  mutating func encode(
    _ reader: inout AnswerReader, to writer: inout RLPWriter
  ) throws(AnswerError) {
    try fields.read(&reader)
    let address = try fields.members.required(.address)
    guard try reader.byteCount(address, "address") == 20 else { throw .invalid("address") }
    let topics = fields.topics
    let topicCount = fields.topicCount
    for index in 0..<topicCount {
      guard try reader.byteCount(topics[index], "topics") == 32 else { throw .invalid("topics") }
    }
    let data = try fields.members.required(.data)
    // Each with a byte before it.
    let topicsCount = 33 * topicCount
    let dataCount = try RLPWriter.encodedCount(ofData: data, of: reader, "data")
    let payload = 21 + RLPWriter.prefixCount(ofPayload: topicsCount) + topicsCount + dataCount
    let bytes = reader.bytes
    var invalid: String?
    writer.append(count: RLPWriter.prefixCount(ofPayload: payload) + payload) { room in
      room.append(listOf: payload)
      if !room.append(string: address, of: bytes) { invalid = "address" }
      room.append(listOf: topicsCount)
      for index in 0..<topicCount {
        if !room.append(string: topics[index], of: bytes) { invalid = "topics" }
      }
      if !room.append(string: data, of: bytes) { invalid = "data" }
    }
    if let invalid { throw .invalid(invalid) }
  }
}
