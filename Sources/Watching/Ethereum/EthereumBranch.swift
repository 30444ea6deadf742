internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Ethereum
internal import NodeRPC

/// Headers from just above a block of ours towards a tip that the nodes agree on, as one node named
/// them, each with the hash it should have: nothing is proved yet of what is in the blocks.
struct EthereumBranch: Sendable {
  /// The highest block of ours that the node has in its active chain; nil below our window.
  let fork: BlockRef?
  /// Lowest first, the first above `fork`.
  let links: [ChainLink]
  /// The height at which the last of a whole branch's `links` stands.
  let end: UInt32

  /// Asks `node` for the branch that leads from `chain` to `tip`, at most `limit` headers above our
  /// own tip's height.
  static func fetch(
    from node: EthereumNode, leadingTo tip: BlockRef, above chain: HeaderChain, limit: Int,
    profile: ProofProfile
  ) async throws(NodeError) -> EthereumBranch {
    guard let head = try await node.header(at: tip.height), head.ref == tip else {
      throw .unknownBlock(tip.hash)
    }
    let end = UInt32(min(UInt64(tip.height), UInt64(chain.tip.ref.height) + UInt64(limit)))
    guard let fork = try await findFork(of: chain, at: node, below: tip.height) else {
      return EthereumBranch(fork: nil, links: [], end: end)
    }
    guard fork.height < end, end < .max else {
      return EthereumBranch(fork: fork, links: [], end: end)
    }
    let headers = try await node.headers(fork.height + 1..<end + 1)
    guard headers.first.map({ $0.parentHash == fork.hash }) ?? true else {
      throw .unusable("its chain changed while it was read")
    }
    var links: [ChainLink] = []
    for header in headers { links.append(try link(header, profile)) }
    return EthereumBranch(fork: fork, links: links, end: end)
  }

  /// The highest block of `chain` in the node's active chain, looked for downwards from our tip in
  /// growing strides.
  private static func findFork(
    of chain: HeaderChain, at node: EthereumNode, below top: UInt32
  ) async throws(NodeError) -> BlockRef? {
    var high = min(chain.tip.ref.height, top)
    var stride: UInt32 = 2
    while true {
      let lowest = chain.lowest.ref.height
      guard high >= lowest else { return nil }
      let low = high - lowest >= stride ? high - stride + 1 : lowest
      for header in try await node.headers(Array(low...high)).reversed() {
        if let ref = header?.ref, chain.contains(ref) { return ref }
      }
      guard low > lowest else { return nil }
      high = low - 1
      stride = min(stride * 4, 512)
    }
  }

  /// The header by its own hash, so that a branch which ends in an agreed block is that block's.
  /// Each block weighs the same: what others have agreed on decides, not work.
  static func link(
    _ header: EthereumNodeHeader, _ profile: ProofProfile
  ) throws(NodeError) -> ChainLink {
    let text = header.ref.text(.ethereum)
    let proved: EthereumHeader
    do throws(BlockProofError) {
      proved = try BlockProof(
        block: header.bytes.span.bytes, expecting: header.hash, profile: profile
      ).header
    } catch {
      throw .unusable("its header of \(text): \(error)")
    }
    guard proved.number == UInt64(header.ref.height), proved.parentHash == header.parentHash,
      let time = UInt32(exactly: proved.timestamp)
    else { throw .unusable("its header of \(text) is out of range") }
    return ChainLink(ref: header.ref, parent: proved.parentHash, time: time, bits: 0, work: .one)
  }
}
