import Bytes
import ChainTypes
import JSON
import NodeRPC
import Synchronization

/// A node that has a chain of blocks, drawn by a test as a text in which each letter is a block:
///
///     G ─ a ─ b ─ c      is the node "Gabc"
///         └── x ─ y      is the node "Gaxy"
final class SimulatedChain: RPCTransport {
  private let state: Mutex<State>

  struct State: Sendable {
    var active: String
    /// Blocks that the node knows beside its active chain, with their heights.
    var stale: [Character: UInt32] = [:]
    var chainName = "regtest"
    var isDownloading = false
    /// Answers no request until it is cancelled.
    var isStuck = false
    /// Fails every request.
    var failure: TransportError?
    /// Blocks whose data is gone.
    var pruned = ""
    var requestCount = 0
    /// Called when a header is asked for.
    var onHeader: (@Sendable () -> Void)?
  }

  init(_ active: String, _ change: (inout State) -> Void = { _ in }) {
    var state = State(active: active)
    change(&state)
    self.state = Mutex(state)
  }

  var requestCount: Int { state.withLock { $0.requestCount } }

  func change(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

  func post(
    _ body: [UInt8], timeoutMilliseconds: Int, maximumBytes: Int
  ) async throws -> RPCResponse {
    let state = state.withLock { state in
      state.requestCount += 1
      return state
    }
    if let failure = state.failure { throw failure }
    if state.isStuck {
      for await _ in AsyncStream<Void>.makeStream().stream {}
      throw CancellationError()
    }
    let transport = methodTransport { Self.answer(state, $0, $1) }
    return try await transport.post(
      body, timeoutMilliseconds: timeoutMilliseconds, maximumBytes: maximumBytes)
  }

  static func hash(_ block: Character) -> Hash32 { hash32(block.asciiValue ?? 0) }

  private static func answer(
    _ state: State, _ method: String, _ parameters: [JSONValue]
  ) -> Answer {
    let chain = Array(state.active)
    switch method {
    case "getblockhash":
      guard let height = parameters.first?.integer(Int.self), chain.indices.contains(height)
      else { return .error(-8, "Block height out of range") }
      return .result(.displayHash(hash(chain[height])))
    case "getblockchaininfo":
      let height = JSONValue.integer(chain.count - 1)
      return .result(
        .object([
          .init("chain", .string(state.chainName)), .init("blocks", height),
          .init("headers", height), .init("initialblockdownload", .bool(state.isDownloading)),
          .init("bestblockhash", .displayHash(hash(chain[chain.count - 1]))),
        ]))
    case "getblockheader", "getblock":
      if method == "getblockheader" { state.onHeader?() }
      guard let asked = parameters.first?.displayHash else { return .error(-8, "no hash") }
      return answer(state, chain, about: asked, wantsBlock: method == "getblock")
    default:
      return .error(-32601, "Method not found")
    }
  }

  private static func answer(
    _ state: State, _ chain: [Character], about asked: Hash32, wantsBlock: Bool
  ) -> Answer {
    let height = chain.firstIndex { hash($0) == asked }
    let stale = state.stale.first { hash($0.key) == asked }
    guard let known = height.map(UInt32.init) ?? stale?.value else {
      return .error(-5, "Block not found")
    }
    guard wantsBlock else {
      let confirmations = height.map { chain.count - $0 } ?? -1
      return .result(
        headerJSON(BlockRef(height: known, hash: asked), confirmations: confirmations))
    }
    guard !state.pruned.contains(where: { hash($0) == asked }) else {
      return .error(-1, "Block not available (pruned data)")
    }
    return .result(.string(asked.hex))
  }
}
