internal import Bytes
internal import JSON
internal import NodeRPC

/// The calls in one request body, as Bitcoin Core reads them.
struct RPCRequest {
  var calls: [Call]
  let isBatch: Bool

  struct Call {
    /// Null where the caller gave none.
    var id: JSONValue = .null
    /// 2.0; else the legacy mixture of 1.0 and 1.1.
    var isVersion2 = false
    /// A 2.0 call without an id: it gets no answer.
    var isNotification = false
    var method = ""
    var parameters: JSONValue = .array([])
    /// Why it isn't a call.
    var error: RPCNodeError?
  }

  init(parsing body: [UInt8]) throws(RPCNodeError) {
    let json: JSONValue
    do {
      json = try JSONValue(parsing: body)
    } catch {
      throw RPCNodeError(code: -32700, message: "Parse error")
    }
    switch json {
    case .object:
      calls = [Self.call(json)]
      isBatch = false
    case .array(let elements):
      calls = elements.map { Self.call($0) }
      isBatch = true
    default: throw RPCNodeError(code: -32700, message: "Top-level object parse error")
    }
  }

  private static func call(_ json: JSONValue) -> Call {
    var call = Call()
    guard case .object = json else {
      call.error = invalid("Invalid Request object")
      return call
    }
    if let id = json["id"] { call.id = id }
    switch json["jsonrpc"] {
    case nil, .null?, .string("1.0")?: break
    case .string("2.0")?:
      call.isVersion2 = true
      call.isNotification = json["id"] == nil
    case .string?: call.error = invalid("JSON-RPC version not supported")
    default: call.error = invalid("jsonrpc field must be a string")
    }
    switch json["method"] {
    case nil, .null?: call.error = invalid("Missing method")
    case .string(let method)?: call.method = method
    default: call.error = invalid("Method must be a string")
    }
    switch json["params"] {
    case nil, .null?: break
    case let parameters?:
      switch parameters {
      case .array, .object: call.parameters = parameters
      default: call.error = invalid("Params must be an array or object")
      }
    }
    return call
  }

  private static func invalid(_ message: String) -> RPCNodeError {
    RPCNodeError(code: -32600, message: message)
  }
}

/// An answer over HTTP.
package struct RPCReply: Sendable {
  var status: Int
  var contentType = "application/json"
  var body: [UInt8]

  package init(status: Int, body: [UInt8]) {
    self.status = status
    self.body = body
  }

  static func text(_ status: Int, _ text: String) -> RPCReply {
    var reply = RPCReply(status: status, body: Array(text.utf8))
    reply.contentType = "text/plain"
    return reply
  }

  /// One call's answer under the HTTP status that goes with it; a result is JSON.
  static func single(
    _ call: RPCRequest.Call, _ outcome: Result<[UInt8], RPCNodeError>, _ dialect: RPCDialect
  ) -> RPCReply {
    guard !call.isNotification else { return RPCReply(status: 204, body: []) }
    var status = 200
    if case .failure(let error) = outcome, dialect == .bitcoinCore, !call.isVersion2 {
      switch error.code {
      case -32600: status = 400
      case -32601: status = 404
      default: status = 500
      }
    }
    return RPCReply(status: status, body: dialect.envelope(call, outcome) + [0x0a])
  }
}

/// Whose way of writing answers it is.
enum RPCDialect {
  /// The id comes last. Without a version it is the mixture of 1.0 and 1.1, whose errors have HTTP
  /// statuses of their own.
  case bitcoinCore
  /// The id comes before the result, and every answer is of version 2.0.
  case geth

  func envelope(
    _ call: RPCRequest.Call, _ outcome: Result<[UInt8], RPCNodeError>
  ) -> [UInt8] {
    let id = Array(#""id":"#.utf8) + call.id.bytes
    let comma = UInt8(ascii: ",")
    var bytes = [UInt8(ascii: "{")]
    switch (self, call.isVersion2) {
    case (.geth, _):
      bytes += Array(#""jsonrpc":"2.0","#.utf8) + id + [comma]
      Self.append(outcome, to: &bytes)
    case (.bitcoinCore, true):
      bytes += Array(#""jsonrpc":"2.0","#.utf8)
      Self.append(outcome, to: &bytes)
      bytes += [comma] + id
    case (.bitcoinCore, false):
      if case .failure = outcome { bytes += #""result":null,"#.utf8 }
      Self.append(outcome, to: &bytes)
      if case .success = outcome { bytes += #","error":null"#.utf8 }
      bytes += [comma] + id
    }
    return bytes + [UInt8(ascii: "}")]
  }

  private static func append(
    _ outcome: Result<[UInt8], RPCNodeError>, to bytes: inout [UInt8]
  ) {
    switch outcome {
    case .success(let result):
      bytes += #""result":"#.utf8
      bytes += result
    case .failure(let error):
      bytes += #""error":"#.utf8
      bytes +=
        JSONValue.object([
          .init("code", .integer(error.code)), .init("message", .string(error.message)),
        ]).bytes
    }
  }
}
