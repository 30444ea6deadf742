import Bytes
import ChainTypes
import JSON
import NodeRPC
import Synchronization

/// An EVM node that has a chain of blocks, drawn by a test as a text in which each letter is a
/// block, the first the genesis block, as `SimulatedChain` draws them.
final class SimulatedEthereum: RPCTransport {
  private let state: Mutex<State>

  struct State: Sendable {
    var active: String
    var chainID: UInt64 = 1
    var isSyncing = false
    /// The heights of the blocks that the tags name; nil where there is none yet.
    var safe: Int?
    var finalized: Int?
    /// A tag is an error, as to nodes that never heard of it.
    var knowsTags = true
    /// Fails every request.
    var failure: TransportError?
  }

  init(_ active: String, _ change: (inout State) -> Void = { _ in }) {
    var state = State(active: active)
    change(&state)
    self.state = Mutex(state)
  }

  func change(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

  func post(
    _ body: [UInt8], timeoutMilliseconds: Int, maximumBytes: Int
  ) async throws -> RPCResponse {
    let state = state.withLock { $0 }
    if let failure = state.failure { throw failure }
    return try await methodTransport { Self.answer(state, $0, $1) }.post(
      body, timeoutMilliseconds: timeoutMilliseconds, maximumBytes: maximumBytes)
  }

  private static func answer(
    _ state: State, _ method: String, _ parameters: [JSONValue]
  ) -> Answer {
    switch method {
    case "eth_chainId": .result(.quantity(state.chainID))
    case "eth_syncing":
      .result(state.isSyncing ? ["currentBlock": "0x1", "highestBlock": "0x9"] : false)
    case "eth_getBlockByNumber": block(state, parameters.first ?? .null)
    default: .error(-32601, "the method \(method) does not exist/is not available")
    }
  }

  private static func block(_ state: State, _ place: JSONValue) -> Answer {
    let chain = Array(state.active)
    let height: Int?
    switch place.string {
    case "latest": height = chain.count - 1
    case "safe", "finalized":
      guard state.knowsTags else { return .error(-32602, "invalid argument 0: hex string") }
      height = place == "safe" ? state.safe : state.finalized
      guard height != nil else { return .error(-32000, "finalized block not found") }
    default: height = place.quantity(UInt32.self).map { Int($0) }
    }
    guard let height, chain.indices.contains(height) else { return .result(.null) }
    let parent = height > 0 ? SimulatedChain.hash(chain[height - 1]) : .zero
    return .result(
      nodeBlock(
        BlockRef(height: UInt32(height), hash: SimulatedChain.hash(chain[height])),
        parent: parent))
  }
}

/// As much of a block as its reference needs.
func nodeBlock(_ ref: BlockRef, parent: Hash32) -> JSONValue {
  [
    "number": .quantity(ref.height), "hash": .hash32(ref.hash), "parentHash": .hash32(parent),
    "timestamp": .quantity(1_700_000_000 + 12 * UInt64(ref.height)), "transactions": [],
  ]
}
