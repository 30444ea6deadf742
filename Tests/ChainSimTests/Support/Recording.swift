import Foundation
import JSON
import NodeRPC
import TestSupport

/// A question to a real node and its answer.
struct Recording {
  let request: [UInt8]
  let response: RPCResponse

  init(_ name: String) throws {
    let json = try JSONValue(
      parsing: Array(PackageFiles.vector("rpc/core-30.99/\(name).json")))
    guard let request = json["request"], let status = json["http_status"]?.integer(Int.self),
      let body = json["body"]?.string
    else { throw CocoaError(.fileReadCorruptFile) }
    // Where the request isn't JSON, it is recorded as a string.
    self.request = request.string.map { Array($0.utf8) } ?? request.bytes
    response = RPCResponse(status: status, body: Array(body.utf8))
  }

  var result: JSONValue {
    get throws { try JSONValue(parsing: response.body)["result"] ?? .null }
  }
}

/// A value's outline: members in order with the kinds of their values, arrays by their last
/// element.
func outline(_ value: JSONValue) -> String {
  switch value {
  case .null: "null"
  case .bool: "bool"
  case .number(let text): text.contains(".") ? "decimal" : "integer"
  case .string: "string"
  case .array(let elements): "[" + (elements.last.map { outline($0) } ?? "") + "]"
  case .object(let members):
    "{" + members.map { "\($0.name): \(outline($0.value))" }.joined(separator: ", ") + "}"
  }
}
