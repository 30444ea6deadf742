import JSON
import NodeRPC
import Synchronization

/// A node in process: answers each request with what a test's script says.
final class ScriptedTransport: RPCTransport {
  typealias Script = @Sendable (_ request: JSONValue, _ number: Int) throws -> RPCResponse

  private let script: Script
  private let log = Mutex<[JSONValue]>([])

  init(_ script: @escaping Script) { self.script = script }

  /// Answers with these, one after another, and with the last for ever.
  convenience init(_ responses: [RPCResponse]) {
    self.init { _, number in responses[min(number, responses.count) - 1] }
  }

  var requests: [JSONValue] { log.withLock { $0 } }

  func post(
    _ body: [UInt8], timeoutMilliseconds: Int, maximumBytes: Int
  ) async throws -> RPCResponse {
    let request = try JSONValue(parsing: body)
    let number = log.withLock {
      $0.append(request)
      return $0.count
    }
    let response = try script(request, number)
    guard response.body.count <= maximumBytes else {
      throw TransportError.tooLarge(limit: maximumBytes)
    }
    return response
  }
}

/// A node by its methods: each call of a request, batched or not, is answered by `answer`.
func methodTransport(
  _ answer: @escaping @Sendable (_ method: String, _ parameters: [JSONValue]) throws -> Answer
) -> ScriptedTransport {
  ScriptedTransport { request, _ in
    func one(_ call: JSONValue) throws -> JSONValue {
      let outcome = try answer(call["method"]?.string ?? "", call["params"]?.elements ?? [])
      return outcome.json(id: call["id"] ?? .null)
    }
    let json =
      if let calls = request.elements { JSONValue.array(try calls.map(one)) } else {
        try one(request)
      }
    return RPCResponse(status: 200, body: json.bytes)
  }
}

enum Answer: Equatable, Sendable {
  case result(JSONValue)
  case error(Int, String)

  func json(id: JSONValue) -> JSONValue {
    switch self {
    case .result(let result):
      .object([.init("jsonrpc", .string("2.0")), .init("result", result), .init("id", id)])
    case .error(let code, let message):
      .object([
        .init("jsonrpc", .string("2.0")),
        .init(
          "error",
          .object([.init("code", .integer(code)), .init("message", .string(message))])),
        .init("id", id),
      ])
    }
  }
}

extension RPCResponse {
  init(_ status: Int, _ text: String) {
    self.init(status: status, body: Array(text.utf8))
  }
}
