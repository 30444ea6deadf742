import Bytes
import NodeRPC
import TestSupport

/// An answer as a real node gave it.
struct Recorded: Decodable {
  let status: Int
  let body: String

  private enum CodingKeys: String, CodingKey {
    case status = "http_status"
    case body
  }

  var response: RPCResponse { RPCResponse(status, body) }

  static func response(_ name: String) throws -> RPCResponse {
    try PackageFiles.vector("rpc/core-30.99/\(name).json", as: Recorded.self).response
  }

  static func geth(_ name: String) throws -> RPCResponse {
    try PackageFiles.vector("rpc/geth-1.17.5/\(name).json", as: Recorded.self).response
  }
}

/// The client of a node that answers as recorded, and its clock.
func client(
  _ transport: any RPCTransport, _ clock: ManualClock = ManualClock(),
  policy: RetryPolicy = .standard, breaker: CircuitBreaker = CircuitBreaker(), seed: UInt64 = 1
) -> JSONRPCClient {
  JSONRPCClient(
    transport: transport, clock: clock, policy: policy, breaker: breaker, jitterSeed: seed)
}

func node(
  _ transport: any RPCTransport, _ clock: ManualClock = ManualClock(), name: String = "node"
) -> BitcoinNode {
  BitcoinNode(name: name, transport: transport, clock: clock, jitterSeed: 1)
}

func node(recorded name: String) throws -> BitcoinNode {
  node(ScriptedTransport([try Recorded.response(name)]))
}

func ethereumNode(
  _ transport: any RPCTransport, _ clock: ManualClock = ManualClock(), name: String = "node"
) -> EthereumNode {
  EthereumNode(name: name, transport: transport, clock: clock, jitterSeed: 1)
}

/// A geth that gives these recorded answers, whatever the requests' ids.
func ethereumNode(recorded names: String...) throws -> EthereumNode {
  ethereumNode(try RecordedTransport(names.map { try Recorded.geth($0) }))
}

extension EthereumNode {
  /// The receipts of a block with these transactions.
  func receipts(
    of block: Hash32, transactions: [Hash32], gasUsed: UInt64
  ) async throws -> ReceiptsAnswer? {
    try await receipts(of: block, count: transactions.count, gasUsed: gasUsed) { transactions }
  }
}
