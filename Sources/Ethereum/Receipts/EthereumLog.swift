package import Addresses
package import Bytes

/// What a contract has logged: all that the receipts root secures of it. Its transaction and its
/// index follow from where it stands.
package struct EthereumLog: Hashable, Sendable {
  /// The contract that logged it, the only thing that tells whose event this is.
  package let address: EthereumAddress
  /// At most four; the first is the event's signature hashed, by custom.
  package let topics: [Hash32]
  package let data: [UInt8]

  package static let maximumTopicCount = 4

  package init(address: EthereumAddress, topics: [Hash32], data: [UInt8]) {
    self.address = address
    self.topics = topics
    self.data = data
  }

  /// From the reader's next item.
  init(reading reader: inout RLPReader) throws(RLPError) {
    let list = try reader.readList()
    var fields = reader.reader(of: list)
    address = try fields.readAddress()
    let topicList = try fields.readList()
    guard topicList.payload.count <= Self.maximumTopicCount * 33 else {
      throw .tooLarge(offset: topicList.start)
    }
    var topicReader = fields.reader(of: topicList)
    var topics: [Hash32] = []
    while !topicReader.isAtEnd { topics.append(try topicReader.readHash32()) }
    self.topics = topics
    data = try fields.readBytes()
    try fields.expectEnd()
  }

  func append(to writer: inout RLPWriter) {
    let list = writer.openList()
    writer.append(address)
    let topicList = writer.openList()
    for topic in topics { writer.append(topic) }
    writer.closeList(topicList)
    writer.append(data)
    writer.closeList(list)
  }
}
