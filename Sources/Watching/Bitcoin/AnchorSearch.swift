internal import Bitcoin
internal import ChainTracking
internal import ChainTypes
internal import NodeRPC

/// Looks for the block above which scanning begins on a chain's first start, with the headers below
/// it that the rules of later headers need: at one node after another.
struct AnchorSearch: Sendable {
  let pool: NodePool
  let settings: WatcherSettings

  /// The active chain's headers up to `height`, linked to each other; the last is the anchor, which
  /// a quorum has.
  func links(upTo height: UInt32, below tip: BlockRef) async throws(NodePoolError) -> [ChainLink] {
    let first = height - min(height, UInt32(clamping: settings.window - 1))
    return try await pool.serve { (node, place) async throws(NodeError) -> [ChainLink] in
      let headers = try await headers(first...height, below: tip, from: node)
      let links: [ChainLink]
      do throws(HeaderBranchError) {
        links = try self.links(headers, from: first)
      } catch {
        if error.condemnsNode { quarantine(place, "invalid header: \(error)") }
        throw .unusable("its headers to \(height): \(error)")
      }
      guard let anchor = links.last?.ref else { throw .heightOutOfRange(height) }
      let votes = await pool.votes(on: anchor)
      guard votes.having.count >= pool.quorum else {
        // Where the others are merely silent, it may have told the truth.
        if votes.lacking.count >= pool.quorum {
          quarantine(place, "no quorum has its block \(anchor)")
        }
        throw .unusable("no quorum has its \(anchor)")
      }
      return links
    }.value
  }

  private func headers(
    _ heights: ClosedRange<UInt32>, below tip: BlockRef, from node: BitcoinNode
  ) async throws(NodeError) -> [AskedHeader] {
    guard let head = try await node.header(tip.hash), head.isActive else {
      throw .unknownBlock(tip.hash)
    }
    let hashes = try await node.blockHashes(heights.lowerBound..<heights.upperBound + 1)
    guard hashes.count == heights.count else { throw .heightOutOfRange(heights.upperBound) }
    var headers: [AskedHeader] = []
    for (hash, bytes) in zip(hashes, try await node.rawHeaders(hashes)) {
      guard let bytes else { throw .unknownBlock(hash) }
      headers.append(AskedHeader(hash: hash, bytes: bytes))
    }
    return headers
  }

  private func links(
    _ headers: [AskedHeader], from first: UInt32
  ) throws(HeaderBranchError) -> [ChainLink] {
    var links: [ChainLink] = []
    for (place, asked) in headers.enumerated() {
      let header = try asked.header()
      guard links.last.map({ $0.ref.hash == header.previousBlockHash }) ?? true else {
        throw .moved
      }
      do {
        try ProofOfWork.check(hash: asked.hash, bits: header.bits, network: settings.network)
      } catch {
        throw .invalid(.proofOfWork(error))
      }
      // The check above has found the target sound, so it has a work.
      guard let work = try? CompactTarget(header.bits).work else { throw .moved }
      links.append(
        ChainLink(
          ref: BlockRef(height: first + UInt32(place), hash: asked.hash),
          parent: header.previousBlockHash, time: header.time, bits: header.bits, work: work))
    }
    return links
  }

  private func quarantine(_ place: Int, _ reason: String) {
    pool.quarantine(
      place, reason: reason, maximumMilliseconds: settings.quarantineMilliseconds)
  }
}
