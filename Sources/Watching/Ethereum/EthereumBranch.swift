internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Ethereum
internal import NodeRPC

/// Headers from just above a block of ours towards a tip that the nodes agree on, as one node gave
/// them: each hashes to what it is called and names the one below, so that all of them hang from
/// the last one's hash.
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
  ) async throws(NodeError) -> Result<EthereumBranch, BlockProofError> {
    guard let head = try await node.header(at: tip.height), head.ref == tip else {
      throw .unknownBlock(tip.hash)
    }
    var end = UInt32(min(UInt64(tip.height), UInt64(chain.tip.ref.height) + UInt64(limit)))
    guard let fork = try await findFork(of: chain, at: node, below: tip.height) else {
      return .success(EthereumBranch(fork: nil, links: [], end: end))
    }
    end = UInt32(
      min(UInt64(end), UInt64(fork.height) + UInt64(EthereumNode.maximumHeaderCount)))
    guard fork.height < end, end < .max else {
      return .success(EthereumBranch(fork: fork, links: [], end: end))
    }
    var links: [ChainLink] = []
    for header in try await node.headers(fork.height + 1..<end + 1) {
      let link: ChainLink
      switch try Self.link(header, profile: profile) {
      case .success(let proved): link = proved
      case .failure(let error): return .failure(error)
      }
      guard link.parent == links.last?.ref.hash ?? fork.hash else {
        throw .unusable("its chain changed while it was read")
      }
      links.append(link)
    }
    return .success(EthereumBranch(fork: fork, links: links, end: end))
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

  /// What a header says once it was found to hash to what the node calls it. Each block weighs the
  /// same: what others have agreed on decides, not work.
  static func link(
    _ header: EthereumNodeHeader, profile: ProofProfile
  ) throws(NodeError) -> Result<ChainLink, BlockProofError> {
    let proved: EthereumHeader
    do throws(BlockProofError) {
      proved = try BlockProof(
        block: header.bytes.span.bytes, expecting: header.hash, profile: profile
      ).header
    } catch {
      return .failure(error)
    }
    guard proved.number == UInt64(header.ref.height), let time = UInt32(exactly: proved.timestamp)
    else { throw .unusable("the number or time of its \(header.ref.text(.ethereum)) is wrong") }
    return .success(
      ChainLink(ref: header.ref, parent: proved.parentHash, time: time, bits: 0, work: .one))
  }
}
