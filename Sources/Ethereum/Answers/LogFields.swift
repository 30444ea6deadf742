internal import Addresses
internal import Bytes

/// Where the values of a log stand that a node writes in JSON. One serves many logs in turn.
struct LogFields {
  enum Member: Int, AnswerMember {
    case address, data
    case topics, transactionHash, transactionIndex, logIndex, blockHash, blockNumber, removed

    static let names = MemberNames<Member>()
  }

  private(set) var members = AnswerMembers<Member>()
  private var order = MemberOrder<Member>()
  private(set) var isRemoved = false
  private(set) var topicCount = 0
  /// Of which the first `topicCount` stand for one.
  private(set) var topics = InlineArray<4, AnswerReader.Text>(repeating: 0..<0)

  /// One of the topics that there are.
  func topic(_ index: Int, in reader: borrowing AnswerReader) throws(AnswerError) -> Hash32 {
    precondition(index < topicCount, "there are no more")
    return try reader.hash32(topics[index], "topics")
  }

  /// Reads the object that comes next.
  mutating func read(_ reader: inout AnswerReader) throws(AnswerError) {
    members.removeAll()
    topicCount = 0
    isRemoved = false
    try order.open(&reader)
    while case .member(let member) = try order.next(&reader) {
      switch member {
      case nil: try reader.skipValue()
      case .topics: try readTopics(&reader)
      case .removed: isRemoved = try reader.readFlag() ?? false
      case .some(let member): try members.set(member, reader.readText())
      }
    }
  }

  private mutating func readTopics(_ reader: inout AnswerReader) throws(AnswerError) {
    guard topicCount == 0 else { throw .duplicate("topics") }
    try reader.openArray()
    while try reader.nextElement() {
      guard topicCount < EthereumLog.maximumTopicCount else { throw .tooMany("topics") }
      topics[topicCount] = try reader.readString()
      topicCount += 1
    }
  }
}

extension TokenTransfer {
  /// The same from a log's fields; what isn't a transfer isn't looked at further.
  init?(_ log: borrowing LogFields, in reader: borrowing AnswerReader) throws(AnswerError) {
    guard log.topicCount == 3, try log.topic(0, in: reader) == Self.topic,
      let from = try log.topic(1, in: reader).paddedAddress,
      let to = try log.topic(2, in: reader).paddedAddress
    else { return nil }
    let contract = try reader.address(log.members.required(.address), "address")
    // `0x` and 32 bytes.
    let data = try log.members.required(.data)
    guard contract != Self.systemAddress, data.count == 66 else { return nil }
    let value = UInt256(bigEndian: try reader.hash32(data, "data"))
    self.init(contract: contract, from: from, to: to, value: value)
  }
}
