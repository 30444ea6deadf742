package import Bytes
package import ChainTypes
internal import JSON

/// A block's header as a node tells it, with its transactions' hashes or nothing of them. Nothing
/// here is proved: the caller hashes what `bytes` say.
package struct EthereumNodeHeader: Equatable, Sendable {
  package let ref: BlockRef
  package let parentHash: Hash32
  /// Seconds since 1970.
  package let timestamp: UInt64
  /// The answer, for `Ethereum.BlockProof` or `Ethereum.EthereumHeader`.
  package let bytes: [UInt8]

  package var hash: Hash32 { ref.hash }

  /// Reads only what is used here; thousands of transactions' hashes are stepped over.
  init(_ result: RPCResult) throws(RPCError) {
    var members: [String: JSONValue] = [:]
    try result.reading { (reader) throws(JSONError) in
      try reader.readObject { (reader, name) throws(JSONError) in
        switch name {
        case "number", "hash", "parentHash", "timestamp":
          guard members[name] == nil else {
            throw .duplicateName(name, offset: reader.offset)
          }
          members[name] = try JSONValue(reading: &reader)
        default: _ = try reader.skipValue()
        }
      }
    }
    guard let height = members["number"]?.quantity(UInt32.self),
      let hash = members["hash"]?.hash32, let parentHash = members["parentHash"]?.hash32,
      let timestamp = members["timestamp"]?.quantity(UInt64.self)
    else { throw result.malformed("not a block's header") }
    ref = BlockRef(height: height, hash: hash)
    self.parentHash = parentHash
    self.timestamp = timestamp
    bytes = result.bytes
  }
}
