internal import Bytes
internal import ChainSim
internal import NodeRPC
internal import Synchronization

/// An EVM node whose answers about blocks were written before anyone asks: what it costs then is
/// what carrying them costs, as with a node that has them in its cache. Everything else the
/// simulated node behind it answers.
final class PreparedNode: SimulatedNode {
  private let node: SimulatedEthereumNode
  /// By what stands behind a request's id, what stands behind the answer's.
  private let answers = Mutex<[[UInt8]: [UInt8]]>([:])

  /// What requests and geth's answers begin with.
  private static let head = Array(#"{"jsonrpc":"2.0","id":"#.utf8)

  init(_ node: SimulatedEthereumNode) { self.node = node }

  func reply(to body: [UInt8], timeoutMilliseconds: Int) async throws -> RPCReply {
    if let end = Self.endOfID(body),
      let answer = answers.withLock({ $0[Array(body[end...])] })
    {
      return RPCReply(status: 200, body: Array(body[..<end]) + answer)
    }
    return try await node.reply(to: body, timeoutMilliseconds: timeoutMilliseconds)
  }

  /// Behind the number that is the id of a request or an answer; nil where it has none.
  private static func endOfID(_ bytes: [UInt8]) -> Int? {
    guard bytes.starts(with: head) else { return nil }
    let end = bytes[head.count...].firstIndex { !(0x30...0x39).contains($0) }
    return end.flatMap { $0 > head.count ? $0 : nil }
  }

  /// Writes the answers about these blocks, in place of those before.
  func prepare(_ blocks: [Hash32]) async throws {
    var prepared: [[UInt8]: [UInt8]] = [:]
    for block in blocks {
      for call in [
        #","method":"eth_getBlockByHash","params":["0x\#(block.hex)",true]}"#,
        #","method":"eth_getBlockReceipts","params":["0x\#(block.hex)"]}"#,
      ] {
        let answer = try await node.post(
          Self.head + Array("0\(call)".utf8), timeoutMilliseconds: 60_000, maximumBytes: 1 << 26
        ).body
        guard let end = Self.endOfID(answer) else {
          throw BenchmarkFailure("the node answers otherwise than expected")
        }
        prepared[Array(call.utf8)] = Array(answer[end...])
      }
    }
    answers.withLock { $0 = prepared }
  }
}
