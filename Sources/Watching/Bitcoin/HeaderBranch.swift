internal import Bitcoin
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import NodeRPC

/// What a node gave as the header of a block: nothing is checked yet.
struct AskedHeader: Sendable {
  /// The one that was asked for.
  let hash: Hash32
  /// 80 bytes.
  let bytes: [UInt8]

  func header() throws(HeaderBranchError) -> BlockHeader {
    let header: BlockHeader
    do {
      header = try BlockHeader(bytes: bytes.span.bytes)
    } catch {
      throw .decoding(error)
    }
    let found = header.hash
    guard found == hash else { throw .anotherHash(asked: hash, found: found) }
    return header
  }
}

/// Headers from just above a block of ours towards a tip that the nodes agree on, as one node
/// gave them: nothing is checked yet.
struct HeaderBranch: Sendable {
  /// The highest block of ours that the node has in its active chain; nil below our window.
  let fork: BlockRef?
  /// Lowest first.
  let headers: [AskedHeader]
  /// The tip's own, which may lie above the last of `headers`.
  let head: AskedHeader
  /// The height at which the last of a whole branch's `headers` stands.
  let end: UInt32

  /// Asks `node` for the branch that leads from `chain` to `tip`, at most `limit` headers above
  /// our own tip's height: however low it begins, it can be seen to have more work.
  static func fetch(
    from node: BitcoinNode, leadingTo tip: BlockRef, above chain: HeaderChain, limit: Int
  ) async throws(NodeError) -> HeaderBranch {
    guard let head = try await node.header(tip.hash), head.isActive, head.height == tip.height
    else { throw .unknownBlock(tip.hash) }
    let tipHeader = AskedHeader(hash: tip.hash, bytes: head.bytes)
    let end = UInt32(min(UInt64(tip.height), UInt64(chain.tip.ref.height) + UInt64(limit)))
    guard let fork = try await findFork(of: chain, at: node, below: tip.height) else {
      return HeaderBranch(fork: nil, headers: [], head: tipHeader, end: end)
    }
    guard fork.height < end, end < .max else {
      return HeaderBranch(fork: fork, headers: [], head: tipHeader, end: end)
    }
    let hashes = try await node.blockHashes(fork.height + 1..<end + 1)
    let headers = try await node.rawHeaders(hashes)
    var known: [AskedHeader] = []
    for (hash, bytes) in zip(hashes, headers) {
      // What vanished meanwhile ends the branch; what is left still has to link.
      guard let bytes else { break }
      known.append(AskedHeader(hash: hash, bytes: bytes))
    }
    return HeaderBranch(fork: fork, headers: known, head: tipHeader, end: end)
  }

  /// The branch on `chain` once every header was found sound; nil where it leaves below our window.
  func checked(
    above chain: HeaderChain, rules: HeaderRules
  ) throws(HeaderBranchError) -> BranchAncestry? {
    _ = try head.header()
    guard let fork else { return nil }
    var ancestry = BranchAncestry(chain: chain, fork: fork)
    for header in headers { try ancestry.append(header, rules: rules) }
    return ancestry
  }

  /// The highest block of `chain` in the node's active chain, looked for downwards from our tip in
  /// growing strides.
  private static func findFork(
    of chain: HeaderChain, at node: BitcoinNode, below top: UInt32
  ) async throws(NodeError) -> BlockRef? {
    var high = min(chain.tip.ref.height, top)
    var stride: UInt32 = 4
    while true {
      let lowest = chain.lowest.ref.height
      guard high >= lowest else { return nil }
      let low = high - lowest >= stride ? high - stride + 1 : lowest
      let hashes = try await node.blockHashes(low..<high + 1)
      for (place, hash) in hashes.enumerated().reversed() {
        let ref = BlockRef(height: low + UInt32(place), hash: hash)
        if chain.contains(ref) { return ref }
      }
      guard low > lowest else { return nil }
      high = low - 1
      stride = min(stride * 4, 512)
    }
  }
}

/// Our chain below a fork and the checked part of a branch above it.
struct BranchAncestry: HeaderAncestry {
  let chain: HeaderChain
  let fork: BlockRef
  private(set) var links: [ChainLink] = []

  init(chain: HeaderChain, fork: BlockRef) {
    self.chain = chain
    self.fork = fork
  }

  var parent: BlockRef { links.last?.ref ?? fork }

  func ancestor(at height: UInt32) -> AncestorHeader? {
    let link: ChainLink?
    if height > fork.height {
      let place = Int(height - fork.height) - 1
      link = links.indices.contains(place) ? links[place] : nil
    } else {
      link = chain.link(at: height)
    }
    return link.map { AncestorHeader(time: $0.time, bits: $0.bits) }
  }

  /// Checks the next header of the branch and appends it.
  mutating func append(_ asked: AskedHeader, rules: HeaderRules) throws(HeaderBranchError) {
    let header = try asked.header()
    // A header that doesn't link shows a chain that moved while it was read, not a lie.
    guard header.previousBlockHash == parent.hash else { throw .moved }
    let verdict: HeaderRules.Verdict
    do {
      verdict = try rules.check(header, on: self)
    } catch {
      throw .invalid(error)
    }
    // The check above has found the target sound, so it has a work.
    guard let work = try? CompactTarget(header.bits).work else { throw .moved }
    links.append(
      ChainLink(
        ref: BlockRef(height: verdict.height, hash: verdict.hash),
        parent: header.previousBlockHash, time: header.time, bits: header.bits, work: work))
  }
}

/// Why a branch of headers isn't followed.
enum HeaderBranchError: Error {
  case decoding(BitcoinDecodingError)
  /// It isn't the header of the block that was asked for.
  case anotherHash(asked: Hash32, found: Hash32)
  case invalid(HeaderError)
  /// The node's chain changed while it was asked.
  case moved

  /// Whether the node gave something that no honest node gives.
  var condemnsNode: Bool {
    if case .moved = self { return false }
    return true
  }
}
