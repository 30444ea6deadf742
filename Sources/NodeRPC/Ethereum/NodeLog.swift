package import Addresses
package import Bytes
package import ChainTypes
internal import JSON

/// A log as `eth_getLogs` tells it. It shows where to look: nothing of it is proved.
package struct NodeLog: Equatable, Sendable {
  package let address: EthereumAddress
  /// At most four.
  package let topics: [Hash32]
  package let data: [UInt8]
  package let block: BlockRef
  package let transactionHash: Hash32
  /// Whether a reorganisation has taken it back.
  package let isRemoved: Bool

  private static let maximumTopicCount = 4

  /// All logs of an answer.
  static func logs(_ result: RPCResult) throws(RPCError) -> [NodeLog] {
    var logs: [NodeLog] = []
    var isSound = true
    try result.reading { (reader) throws(JSONError) in
      // Ten thousand logs are usual: from bytes to values, without a tree.
      try reader.readArray { (reader) throws(JSONError) in
        var draft = Draft()
        try reader.readObject { (reader, name) throws(JSONError) in
          try draft.read(name, &reader, of: result)
        }
        if let log = draft.log { logs.append(log) } else { isSound = false }
      }
    }
    guard isSound else { throw result.malformed("not what eth_getLogs answers") }
    return logs
  }

  /// A log as far as it was read. Of a member that comes twice the last counts: nothing of it is
  /// believed.
  private struct Draft {
    private var address: EthereumAddress?
    private var topics: [Hash32] = []
    private var data: [UInt8]?
    private var height: UInt32?
    private var blockHash: Hash32?
    private var transactionHash: Hash32?
    private var isRemoved = false
    private var hasSoundTopics = false

    mutating func read(
      _ name: String, _ reader: inout JSONReader, of result: RPCResult
    ) throws(JSONError) {
      switch name {
      case "address":
        address = result.data(of: try reader.readStringToken()).flatMap { Hash20($0) }
          .map { EthereumAddress($0) }
      case "topics": try readTopics(&reader, of: result)
      case "data": data = result.data(of: try reader.readStringToken())
      case "blockNumber": height = try JSONValue(reading: &reader).quantity(UInt32.self)
      case "blockHash":
        blockHash = result.data(of: try reader.readStringToken()).flatMap { Hash32($0) }
      case "transactionHash":
        transactionHash = result.data(of: try reader.readStringToken()).flatMap { Hash32($0) }
      case "removed": isRemoved = try JSONValue(reading: &reader).flag ?? false
      default: _ = try reader.skipValue()
      }
    }

    private mutating func readTopics(
      _ reader: inout JSONReader, of result: RPCResult
    ) throws(JSONError) {
      topics = []
      hasSoundTopics = true
      try reader.readArray { (reader) throws(JSONError) in
        let token = try reader.readStringToken()
        guard topics.count < NodeLog.maximumTopicCount,
          let topic = result.data(of: token).flatMap({ Hash32($0) })
        else {
          hasSoundTopics = false
          return
        }
        topics.append(topic)
      }
    }

    /// Nil where something is missing or isn't what it should be.
    var log: NodeLog? {
      guard hasSoundTopics, let address, let data, let height, let blockHash, let transactionHash
      else { return nil }
      return NodeLog(
        address: address, topics: topics, data: data,
        block: BlockRef(height: height, hash: blockHash), transactionHash: transactionHash,
        isRemoved: isRemoved)
    }
  }
}
