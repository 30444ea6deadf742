internal import Bytes

/// Turns logs as a node writes them in JSON into their encodings.
struct LogEncoder {
  enum Member: Int, AnswerMember {
    case address, data
    case topics, transactionHash, transactionIndex, logIndex, blockHash, blockNumber, removed

    static let names = MemberNames<Member>()
  }

  private(set) var members = AnswerMembers<Member>()
  private(set) var isRemoved = false
  private var topics = RLPWriter()

  /// Reads the object that comes next and appends [address, [topics], data]; what else it has is
  /// left in `members`.
  mutating func encode(
    _ reader: inout AnswerReader, to writer: inout RLPWriter
  ) throws(AnswerError) {
    members.removeAll()
    topics.removeAll()
    isRemoved = false
    try reader.openObject()
    while let name = try reader.nextMember() {
      switch Member.names.member(named: name, in: reader) {
      case nil: try reader.skipValue()
      case .topics: try readTopics(&reader)
      case .removed: isRemoved = try reader.readFlag() ?? false
      case .some(let member): try members.set(member, reader.readText())
      }
    }
    let log = writer.openList()
    try writer.append(data: members.required(.address), of: reader, byteCount: 20, "address")
    writer.appendListPrefix(count: topics.bytes.count)
    writer.append(encoded: topics.bytes)
    try writer.append(data: members.required(.data), of: reader, "data")
    writer.closeList(log)
  }

  private mutating func readTopics(_ reader: inout AnswerReader) throws(AnswerError) {
    guard topics.bytes.isEmpty else { throw .duplicate("topics") }
    try reader.openArray()
    var count = 0
    while try reader.nextElement() {
      count += 1
      guard count <= EthereumLog.maximumTopicCount else { throw .tooMany("topics") }
      let text = try reader.readString()
      try topics.append(data: text, of: reader, byteCount: 32, "topics")
    }
  }
}
