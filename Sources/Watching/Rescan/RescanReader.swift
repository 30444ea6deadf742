package import Bytes
package import ChainTracking
package import ChainTypes
package import NodeRPC

/// Reads the blocks of one kind of chain for a rescan, each verified as its watcher verifies it.
package protocol RescanReader: Sendable {
  associatedtype Node: ChainNode

  var spec: ChainSpec { get }
  var pool: QuorumPool<Node> { get }
  /// How many blocks are read at once.
  var width: Int { get }
  /// How many bytes of proofs one rescan keeps.
  var proofByteLimit: Int { get }

  /// The blocks of `heights`, lowest first, where `known` stands above the highest of them: each
  /// found by the hash that the one above names, so that no node can slip in another.
  func steps(
    in heights: ClosedRange<UInt32>, below known: ChainLink
  ) async throws(RescanError) -> [RescanStep]

  /// In the order of `steps`.
  func read(
    _ steps: [RescanStep], watching watched: WatchSet
  ) async throws(RescanError) -> [RescanBlock]
}

/// A block to read again, and its parent.
package struct RescanStep: Sendable {
  package let ref: BlockRef
  package let parent: Hash32
}

/// A block as it was read again.
package struct RescanBlock: Sendable {
  let step: RescanStep
  let time: Timestamp
  let transactionCount: Int
  let byteCount: Int
  let transfers: [ScannedTransfer]
  /// That it holds the transfers' transactions.
  var proofs: [Hash32: TransferProof] = [:]
  /// Whether all that moved in it was looked for, also what calls moved.
  var isWhole = true
  /// Whether nodes may show more of it later.
  var mayShowMore = false
}
