package import Bytes
package import ChainTypes
package import JSON

/// What `getblockchaininfo` says of a node's active chain.
package struct ChainInfo: Equatable, Sendable {
  /// `main`, `test`, `testnet4`, `signet` or `regtest`.
  package let chain: String
  /// The height of the active chain's tip.
  package let blocks: UInt32
  /// The height of the best header known; above `blocks` while the node catches up.
  package let headers: UInt32
  package let bestBlockHash: Hash32
  package let initialBlockDownload: Bool
  package let pruned: Bool
  /// The lowest block whose data the node still has, where it prunes.
  package let pruneHeight: UInt32?

  /// Longer names of chains are no names: they stand in reasons and log lines.
  private static let maximumNameBytes = 64

  package var tip: BlockRef { BlockRef(height: blocks, hash: bestBlockHash) }

  package init(
    chain: String, blocks: UInt32, headers: UInt32, bestBlockHash: Hash32,
    initialBlockDownload: Bool, pruned: Bool, pruneHeight: UInt32?
  ) {
    self.chain = chain
    self.blocks = blocks
    self.headers = headers
    self.bestBlockHash = bestBlockHash
    self.initialBlockDownload = initialBlockDownload
    self.pruned = pruned
    self.pruneHeight = pruneHeight
  }

  init?(_ json: JSONValue) {
    guard let chain = json["chain"]?.string, chain.utf8.count <= Self.maximumNameBytes,
      let blocks = json["blocks"]?.integer(UInt32.self),
      let headers = json["headers"]?.integer(UInt32.self),
      let bestBlockHash = json["bestblockhash"]?.displayHash
    else { return nil }
    self.init(
      chain: chain, blocks: blocks, headers: headers, bestBlockHash: bestBlockHash,
      initialBlockDownload: json["initialblockdownload"]?.flag ?? false,
      pruned: json["pruned"]?.flag ?? false,
      pruneHeight: json["pruneheight"]?.integer(UInt32.self))
  }
}

extension JSONValue {
  /// A string of 64 hexadecimal digits in display order, as a hash in internal order.
  package var displayHash: Hash32? {
    guard let string else { return nil }
    return try? Hash32(displayHex: string)
  }

  /// A hash as nodes write it: display order.
  package static func displayHash(_ hash: Hash32) -> JSONValue { .string(hash.displayHex) }
}
