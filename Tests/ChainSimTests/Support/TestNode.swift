import Bytes
import ChainSim
import ChainTypes
import JSON
import NodeRPC
import Synchronization

/// A clock that stands still; those who sleep by it wake at once, and it notes how long they meant
/// to.
final class NotingClock: RPCClock {
  private let noted = Mutex<[Int]>([])

  var nowMilliseconds: Int64 { 0 }
  var sleeps: [Int] { noted.withLock { $0 } }

  func sleep(milliseconds: Int) async throws {
    try Task.checkCancellation()
    noted.withLock { $0.append(milliseconds) }
  }
}

/// A clock by which nobody ever wakes, but by cancellation.
struct StoppedClock: RPCClock {
  var nowMilliseconds: Int64 { 0 }

  func sleep(milliseconds: Int) async throws {
    let (stream, _) = AsyncStream.makeStream(of: Void.self)
    for await _ in stream {}
    throw CancellationError()
  }
}

/// The moment at which simulated nodes in tests stand, unless told otherwise.
let testTime: UInt32 = 1_800_000_000

/// Somebody's script: P2WPKH of twenty equal bytes.
func script(_ byte: UInt8) -> [UInt8] { [0x00, 0x14] + [UInt8](repeating: byte, count: 20) }

func makeNode(
  seed: UInt64 = 1, blocks: Int = 0, clock: any RPCClock = NotingClock(),
  hasTransactionIndex: Bool = false
) throws -> SimulatedBitcoinNode {
  let node = SimulatedBitcoinNode(
    seed: seed, clock: clock, hasTransactionIndex: hasTransactionIndex
  ) { testTime }
  try node.mine(blocks)
  return node
}

/// The typed client of a node, which asks once.
func client(of transport: any RPCTransport) -> BitcoinNode {
  BitcoinNode(
    name: "simulated", transport: transport, clock: NotingClock(), policy: .once, jitterSeed: 1)
}

extension RPCTransport {
  /// The answer's JSON, envelope included.
  func ask(_ request: String) async throws -> JSONValue {
    let response = try await post(
      Array(request.utf8), timeoutMilliseconds: 1_000, maximumBytes: 1 << 20)
    return try JSONValue(parsing: response.body)
  }

  func result(_ method: String, _ parameters: [JSONValue] = []) async throws -> JSONValue? {
    let request = JSONValue.object([
      .init("id", .integer(1)), .init("method", .string(method)),
      .init("params", .array(parameters)),
    ])
    let response = try await post(request.bytes, timeoutMilliseconds: 1_000, maximumBytes: 1 << 20)
    return try JSONValue(parsing: response.body)["result"]
  }
}
