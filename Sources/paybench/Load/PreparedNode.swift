internal import Bytes
internal import ChainSim
internal import ChainTypes
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
    if let answer = answers.withLock({ Self.answer(to: body, among: $0) }) {
      return RPCReply(status: 200, body: answer)
    }
    return try await node.reply(to: body, timeoutMilliseconds: timeoutMilliseconds)
  }

  /// The answer to a call or to a batch of them; nil where one isn't among those that are ready.
  private static func answer(to body: [UInt8], among answers: [[UInt8]: [UInt8]]) -> [UInt8]? {
    let isBatch = body.first == UInt8(ascii: "[")
    var answer: [UInt8] = []
    var rest = isBatch ? body.dropFirst() : body[...]
    while let end = endOfID(rest) {
      // No call that is answered here has braces inside.
      guard let brace = rest[end...].firstIndex(of: UInt8(ascii: "}")),
        let result = answers[Array(rest[end...brace])]
      else { return nil }
      answer += answer.isEmpty ? (isBatch ? [UInt8(ascii: "[")] : []) : [UInt8(ascii: ",")]
      answer += rest[..<end]
      answer += result
      rest = rest[(brace + 1)...]
      if rest.first == UInt8(ascii: ",") { rest = rest.dropFirst() }
    }
    guard !answer.isEmpty, rest.elementsEqual(isBatch ? [UInt8(ascii: "]")] : []) else {
      return nil
    }
    return isBatch ? answer + [UInt8(ascii: "]")] : answer
  }

  /// Behind the number that is the id of a request or an answer; nil where it has none.
  private static func endOfID(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.starts(with: head) else { return nil }
    let start = bytes.startIndex + head.count
    let end = bytes[start...].firstIndex { !(0x30...0x39).contains($0) }
    return end.flatMap { $0 > start ? $0 : nil }
  }

  /// Writes the answers about these blocks, in place of those before.
  func prepare(_ blocks: [BlockRef]) async throws {
    var prepared: [[UInt8]: [UInt8]] = [:]
    for block in blocks {
      let height = String(block.height, radix: 16)
      for call in [
        #","method":"eth_getBlockByNumber","params":["0x\#(height)",false]}"#,
        #","method":"eth_getBlockByHash","params":["0x\#(block.hash.hex)",true]}"#,
        #","method":"eth_getBlockReceipts","params":["0x\#(block.hash.hex)"]}"#,
      ] {
        let answer = try await node.post(
          Self.head + Array("0\(call)".utf8), timeoutMilliseconds: 60_000, maximumBytes: 1 << 26
        ).body
        guard let end = Self.endOfID(answer[...]) else {
          throw BenchmarkFailure("the node answers otherwise than expected")
        }
        prepared[Array(call.utf8)] = Array(answer[end...])
      }
    }
    answers.withLock { $0 = prepared }
  }
}
