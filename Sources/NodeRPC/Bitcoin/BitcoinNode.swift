package import Bytes
internal import JSON
internal import Synchronization
package import Telemetry

/// Questions to one Bitcoin Core node, with typed answers. Hashes are in internal order here and
/// in display order on the wire. Nothing it says is verified here.
package final class BitcoinNode: RPCNode {
  /// What operators call the node; never its URL, which may hold a key.
  package let name: String
  let client: JSONRPCClient
  let clock: any RPCClock
  let timeouts: NodeTimeouts
  /// Methods this node has turned out not to have.
  let absentMethods = Mutex<Set<String>>([])

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

  /// `getblockchaininfo`.
  package func chainInfo() async throws(NodeError) -> ChainInfo {
    try await value("getblockchaininfo") { ChainInfo($0) }
  }

  /// `getbestblockhash`.
  package func bestBlockHash() async throws(NodeError) -> Hash32 {
    let result = try await ask("getbestblockhash")
    return try Self.reading { () throws(RPCError) in try result.displayHash() }
  }

  /// `getblockhash`: the active chain's block at `height`; `heightOutOfRange` above the tip.
  package func blockHash(at height: UInt32) async throws(NodeError) -> Hash32 {
    do throws(NodeError) {
      let result = try await ask("getblockhash", [.integer(height)])
      return try Self.reading { () throws(RPCError) in try result.displayHash() }
    } catch .rpc(.node(let error)) where error.code == RPCNodeError.Code.invalidParameter {
      throw .heightOutOfRange(height)
    } catch {
      throw error
    }
  }

  /// `getblockhash` in batches: the active chain's blocks from the lowest height on, up to the
  /// range's end or the node's tip, whichever comes first.
  package func blockHashes(_ heights: Range<UInt32>) async throws(NodeError) -> [Hash32] {
    let outcomes = try await batch(heights.map { RPCCall("getblockhash", [.integer($0)]) })
    var hashes: [Hash32] = []
    hashes.reserveCapacity(outcomes.count)
    for outcome in outcomes {
      switch outcome {
      case .success(let result):
        hashes.append(
          try Self.reading { () throws(RPCError) in try result.displayHash() })
      case .failure(let error) where error.code == RPCNodeError.Code.invalidParameter:
        return hashes
      case .failure(let error): throw .rpc(.node(error))
      }
    }
    return hashes
  }

  /// `getblockheader`; nil where the node doesn't know the block.
  package func header(_ hash: Hash32) async throws(NodeError) -> NodeHeader? {
    try await headers([hash]).first ?? nil
  }

  /// `getblockheader` in batches, in the order of `hashes`; nil where the node doesn't know one.
  package func headers(_ hashes: [Hash32]) async throws(NodeError) -> [NodeHeader?] {
    let calls = hashes.map { RPCCall("getblockheader", [.displayHash($0), .bool(true)]) }
    let outcomes = try await batch(calls)
    var headers: [NodeHeader?] = []
    headers.reserveCapacity(hashes.count)
    for (hash, outcome) in zip(hashes, outcomes) {
      guard let result = try Self.known(outcome) else {
        headers.append(nil)
        continue
      }
      let json = try Self.reading { () throws(RPCError) in try result.json() }
      guard let header = NodeHeader(json, asked: hash) else {
        throw .rpc(result.malformed("not that block's header"))
      }
      headers.append(header)
    }
    return headers
  }

  /// `getblockheader` without verbosity, in batches: each header's 80 bytes in the order of
  /// `hashes`; nil where the node doesn't know one.
  package func rawHeaders(_ hashes: [Hash32]) async throws(NodeError) -> [[UInt8]?] {
    let calls = hashes.map { RPCCall("getblockheader", [.displayHash($0), .bool(false)]) }
    var headers: [[UInt8]?] = []
    headers.reserveCapacity(hashes.count)
    for outcome in try await batch(calls) {
      guard let result = try Self.known(outcome) else {
        headers.append(nil)
        continue
      }
      let bytes = try Self.reading { () throws(RPCError) in try result.hexBytes() }
      guard bytes.count == 80 else { throw .rpc(result.malformed("not 80 bytes")) }
      headers.append(bytes)
    }
    return headers
  }

  /// `getblock` with verbosity 0: the block as it goes over the wire (BIP-0144).
  package func block(_ hash: Hash32) async throws(NodeError) -> [UInt8] {
    do throws(NodeError) {
      let result = try await ask("getblock", [.displayHash(hash), .integer(0)], isBulk: true)
      return try Self.reading { () throws(RPCError) in try result.hexBytes() }
    } catch .rpc(.node(let error)) where error.code == RPCNodeError.Code.invalidAddressOrKey {
      throw .unknownBlock(hash)
    } catch .rpc(.node(let error)) where Self.saysDataIsMissing(error) {
      throw .pruned(hash)
    } catch {
      throw error
    }
  }

  /// Bitcoin Core says −1 "Block not available (pruned data)" or "(not fully downloaded)"; older
  /// ones −1 "Block not found on disk" or −32603 "Can't read block from disk".
  private static func saysDataIsMissing(_ error: RPCNodeError) -> Bool {
    guard
      error.code == RPCNodeError.Code.misc || error.code == RPCNodeError.Code.internalError
    else { return false }
    return ["pruned data", "not fully downloaded", "not found on disk", "from disk"]
      .contains { error.message.contains($0) }
  }
}

extension BitcoinNode {
  /// The result, or nil where the node doesn't know what was asked for (−5).
  static func known(
    _ outcome: Result<RPCResult, RPCNodeError>
  ) throws(NodeError) -> RPCResult? {
    switch outcome {
    case .success(let result): return result
    case .failure(let error) where error.code == RPCNodeError.Code.invalidAddressOrKey:
      return nil
    case .failure(let error): throw .rpc(.node(error))
    }
  }
}
