package import Bytes
package import ChainTypes
internal import JSON

/// A block's header as a node tells it. Nothing here is proved: the caller hashes `bytes`.
package struct NodeHeader: Equatable, Sendable {
  /// The 80 bytes of the header, put together from the answer's fields.
  package let bytes: [UInt8]
  /// The hash that was asked for.
  package let hash: Hash32
  package let height: UInt32
  /// −1 for a block outside the node's active chain, else 1 for its tip and 1 more for each below.
  package let confirmations: Int64
  /// Zero for the genesis block.
  package let previousBlockHash: Hash32
  /// The work that the node counts up to this block.
  package let chainWork: UInt256

  /// Whether the block stands in the node's active chain; a stale block doesn't.
  package var isActive: Bool { confirmations >= 0 }

  package var ref: BlockRef { BlockRef(height: height, hash: hash) }

  init?(_ json: JSONValue, asked hash: Hash32) {
    guard json["hash"]?.displayHash == hash,
      let confirmations = json["confirmations"]?.integer(Int64.self),
      let height = json["height"]?.integer(UInt32.self),
      let version = json["version"]?.integer(Int32.self),
      let merkleRoot = json["merkleroot"]?.displayHash,
      let time = json["time"]?.integer(UInt32.self),
      let nonce = json["nonce"]?.integer(UInt32.self),
      let bitsText = json["bits"]?.string, let bits = UInt32(bitsText, radix: 16),
      let chainWork = json["chainwork"]?.displayHash
    else { return nil }
    // Only the genesis block has no such member.
    let previous: Hash32
    switch json["previousblockhash"] {
    case nil where height == 0: previous = .zero
    case let value?:
      guard let parsed = value.displayHash else { return nil }
      previous = parsed
    default: return nil
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(80)
    bytes.append(littleEndian: version)
    bytes.append(previous)
    bytes.append(merkleRoot)
    bytes.append(littleEndian: time)
    bytes.append(littleEndian: bits)
    bytes.append(littleEndian: nonce)
    self.bytes = bytes
    self.hash = hash
    self.height = height
    self.confirmations = confirmations
    self.previousBlockHash = previous
    self.chainWork = chainWork.littleEndianNumber
  }
}
