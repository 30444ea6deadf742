internal import Bytes

/// Turns logs as a node writes them in JSON into their encodings.
struct LogEncoder {
  private var fields = LogFields()

  /// Reads the object that comes next and appends [address, [topics], data].
  mutating func encode(
    _ reader: inout AnswerReader, to writer: inout RLPWriter
  ) throws(AnswerError) {
    try fields.read(&reader)
    // Each with a byte before it.
    let topicsCount = 33 * fields.topicCount
    let data = try fields.members.required(.data)
    writer.appendListPrefix(
      count: 21 + RLPWriter.prefixCount(ofPayload: topicsCount) + topicsCount
        + (try RLPWriter.encodedCount(ofData: data, of: reader, "data")))
    let address = try fields.members.required(.address)
    try writer.append(data: address, of: reader, byteCount: 20, "address")
    writer.appendListPrefix(count: topicsCount)
    for index in 0..<fields.topicCount {
      try writer.append(
        data: fields.topicText(index), of: reader, byteCount: 32, "topics")
    }
    try writer.append(data: data, of: reader, "data")
  }
}
