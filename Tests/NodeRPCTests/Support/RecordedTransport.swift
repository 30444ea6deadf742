import JSON
import NodeRPC
import Synchronization

/// Gives recorded answers one after another, and the last for ever, with the id of the request and
/// as a batch where one was sent.
final class RecordedTransport: RPCTransport {
  private let answers: [JSONValue]
  private let count = Mutex(0)

  init(_ responses: [RPCResponse]) throws {
    answers = try responses.map { try JSONValue(parsing: $0.body) }
  }

  func post(
    _ body: [UInt8], timeoutMilliseconds: Int, maximumBytes: Int
  ) async throws -> RPCResponse {
    let request = try JSONValue(parsing: body)
    let json =
      if let calls = request.elements { JSONValue.array(calls.map(next)) } else { next(request) }
    return RPCResponse(status: 200, body: json.bytes)
  }

  private func next(_ call: JSONValue) -> JSONValue {
    let number = count.withLock { count in
      count += 1
      return count
    }
    let answer = answers[min(number, answers.count) - 1]
    return .object([
      .init("jsonrpc", .string("2.0")), .init("id", call["id"] ?? .null),
      answer["error"].map { .init("error", $0) } ?? .init("result", answer["result"] ?? .null),
    ])
  }
}
