package import Bytes
internal import ChainTypes
internal import JSON
internal import Synchronization
package import Telemetry

/// Questions to one node of an EVM chain, with typed answers. Nothing it says is verified here:
/// blocks, receipts and traces are handed out as the bytes that came, for `Ethereum` to prove.
///
/// What isn't there (`null`) is nil, and never the same as an empty list.
package final class EthereumNode: RPCNode {
  /// What operators call the node; never its URL, which may hold a key.
  package let name: String
  let client: JSONRPCClient
  let clock: any RPCClock
  let timeouts: NodeTimeouts
  /// What this node has turned out to be able to do and not.
  let learned = Mutex(Learned())

  struct Learned: Sendable {
    /// Methods that it doesn't have.
    var absentMethods: Set<String> = []
    /// It wants numbers where EIP-1898 allows hashes.
    var refusesBlockHashes = false
    var logPace = LogPace()
  }

  package init(
    name: String, client: JSONRPCClient, clock: any RPCClock,
    timeouts: NodeTimeouts = .standard
  ) {
    self.name = name
    self.client = client
    self.clock = clock
    self.timeouts = timeouts
  }

  package convenience init(
    name: String, transport: any RPCTransport, clock: any RPCClock,
    policy: RetryPolicy = .standard, timeouts: NodeTimeouts = .standard, jitterSeed: UInt64,
    metrics: MetricsRegistry? = nil
  ) {
    let client = JSONRPCClient(
      transport: transport, clock: clock, policy: policy, jitterSeed: jitterSeed,
      metrics: metrics.map { RPCMetrics($0, node: name) })
    self.init(name: name, client: client, clock: clock, timeouts: timeouts)
  }

  /// `eth_chainId` (EIP-695).
  package func chainID() async throws(NodeError) -> UInt64 {
    try await value("eth_chainId") { $0.quantity(UInt64.self) }
  }

  /// `eth_syncing`: whether the node is still building its chain. One without the method says
  /// that it isn't.
  package func isSyncing() async throws(NodeError) -> Bool {
    let result = try await askIfPresent("eth_syncing")
    return try result.map { result throws(NodeError) in try Self.isSyncing(result) } ?? false
  }

  /// False, or an object with how far it is.
  static func isSyncing(_ result: RPCResult) throws(NodeError) -> Bool {
    try value(of: result, "eth_syncing") { json in
      if case .object = json { return true }
      return json.flag
    }
  }

  /// `eth_getBlockByNumber` without transactions: the block that the node names by a tag; nil where
  /// it has none, or doesn't know the tag.
  package func header(_ tag: BlockTag) async throws(NodeError) -> EthereumNodeHeader? {
    let outcome = try await outcome(Self.headerCall(tag.rawValue), maximumBytes: headerBytes)
    return try Self.header(outcome, of: tag)
  }

  /// The block in the node's active chain at `height`; nil above its head.
  package func header(at height: UInt32) async throws(NodeError) -> EthereumNodeHeader? {
    try await headers([height]).first ?? nil
  }

  /// The same in batches, in the order of `heights`.
  ///
  /// - Parameter limit: bytes that all of them may have together, whatever each request's may
  package func headers(
    _ heights: [UInt32], maximumBytes limit: Int = EthereumNode.maximumHeadersBytes
  ) async throws(NodeError) -> [EthereumNodeHeader?] {
    var headers: [EthereumNodeHeader?] = []
    headers.reserveCapacity(heights.count)
    var bytes = 0
    while headers.count < heights.count {
      let part = heights[headers.count...].prefix(Self.headerBatchCount)
      let outcomes = try await batch(
        part.map { Self.headerCall(Self.quantity($0)) }, maximumCount: Self.headerBatchCount,
        isBulk: true, maximumBytes: headerBytes * part.count)
      for (height, outcome) in zip(part, outcomes) {
        let header = try Self.header(outcome, at: height)
        bytes += header?.bytes.count ?? 0
        guard bytes <= limit else { throw .rpc(.transport(.tooLarge(limit: limit))) }
        headers.append(header)
      }
    }
    return headers
  }

  /// `eth_getBlockByHash` without transactions; nil where the node doesn't know the block. It may
  /// stand outside the active chain.
  package func header(_ hash: Hash32) async throws(NodeError) -> EthereumNodeHeader? {
    let outcome = try await outcome(
      RPCCall("eth_getBlockByHash", [.hash32(hash), .bool(false)]), maximumBytes: headerBytes)
    guard let result = try Self.known(outcome, asking: hash) else { return nil }
    let header = try Self.header(of: result)
    if let header, header.hash != hash {
      throw .rpc(result.malformed("another block than was asked for"))
    }
    return header
  }

  /// The active chain's headers from the lowest height on, each the parent of the next, up to the
  /// range's end or the node's head. A chain that moved meanwhile is `unusable`.
  package func headers(_ heights: Range<UInt32>) async throws(NodeError) -> [EthereumNodeHeader] {
    var chain: [EthereumNodeHeader] = []
    for header in try await headers(Array(heights.prefix(Self.maximumHeaderCount))) {
      guard let header else { break }
      if let below = chain.last, header.parentHash != below.hash {
        throw .unusable("its chain changed at \(header.ref.height) while it was read")
      }
      chain.append(header)
    }
    return chain
  }

  /// The header of `hash` and those below it by their parents' hashes, at most `count`, highest
  /// first: the walk for a branch that isn't the node's active chain. It ends where the node knows
  /// no parent.
  package func headers(
    downFrom hash: Hash32, count: Int
  ) async throws(NodeError) -> [EthereumNodeHeader] {
    var walked: [EthereumNodeHeader] = []
    var next = hash
    while walked.count < min(count, Self.maximumHeaderCount), let header = try await header(next) {
      if let above = walked.last, header.ref.height &+ 1 != above.ref.height {
        throw .unusable("its block \(header.ref.height) is no parent of the one above")
      }
      walked.append(header)
      guard header.ref.height > 0 else { break }
      next = header.parentHash
    }
    return walked
  }

  /// `eth_getBlockByHash` with whole transactions, or with their hashes alone: the result's bytes;
  /// nil where the node doesn't know the block.
  package func block(
    _ hash: Hash32, withTransactions: Bool = true
  ) async throws(NodeError) -> [UInt8]? {
    let outcome = try await outcome(
      RPCCall("eth_getBlockByHash", [.hash32(hash), .bool(withTransactions)]), isBulk: true)
    return try Self.known(outcome, asking: hash).flatMap { $0.isNull ? nil : $0.bytes }
  }

  /// The block that the node would make next, with whole transactions: what it has seen of the
  /// mempool. For display; it proves nothing.
  package func pendingBlock() async throws(NodeError) -> [UInt8]? {
    let outcome = try await outcome(
      RPCCall("eth_getBlockByNumber", [.string("pending"), .bool(true)]), isBulk: true)
    return try Self.known(outcome, asking: nil).flatMap { $0.isNull ? nil : $0.bytes }
  }
}

// Reading headers.
extension EthereumNode {
  /// Headers in one request: each may list the hashes of some thousand transactions.
  private static let headerBatchCount = 32
  /// 128 kB for each of the most that are asked for at once: 1,900 transactions' hashes.
  package static let maximumHeadersBytes = 256 << 20
  /// In one question altogether.
  package static let maximumHeaderCount = 2_048

  /// A header and 66 bytes for each of some 15,000 transactions.
  private var headerBytes: Int { JSONRPCClient.smallAnswerBytes }

  static func quantity(_ height: UInt32) -> String { "0x" + String(height, radix: 16) }

  static func headerCall(_ block: String) -> RPCCall {
    RPCCall("eth_getBlockByNumber", [.string(block), .bool(false)])
  }

  static func header(
    _ outcome: Result<RPCResult, RPCNodeError>, of tag: BlockTag
  ) throws(NodeError) -> EthereumNodeHeader? {
    // Nodes from before a tag take it for a number that they can't read.
    if case .failure(let error) = outcome, error.code == RPCNodeError.Code.invalidParams,
      tag != .latest
    {
      return nil
    }
    guard let result = try known(outcome, asking: nil) else { return nil }
    return try header(of: result)
  }

  static func header(
    _ outcome: Result<RPCResult, RPCNodeError>, at height: UInt32
  ) throws(NodeError) -> EthereumNodeHeader? {
    guard let result = try known(outcome, asking: nil) else { return nil }
    let header = try header(of: result)
    if let header, header.ref.height != height {
      throw .rpc(result.malformed("another block than was asked for"))
    }
    return header
  }

  /// Nil for null.
  private static func header(of result: RPCResult) throws(NodeError) -> EthereumNodeHeader? {
    guard !result.isNull else { return nil }
    return try reading { () throws(RPCError) in try EthereumNodeHeader(result) }
  }
}
