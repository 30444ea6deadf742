import Foundation
import NodeRPC

/// A node that answers some questions with other words than it should.
struct RewritingTransport: RPCTransport {
  let node: any RPCTransport
  /// A question with this text in it is answered otherwise.
  let question: String
  let answer: @Sendable (String) -> String

  func post(
    _ body: [UInt8], timeoutMilliseconds: Int, maximumBytes: Int
  ) async throws -> RPCResponse {
    let response = try await node.post(
      body, timeoutMilliseconds: timeoutMilliseconds, maximumBytes: maximumBytes)
    guard String(decoding: body, as: UTF8.self).contains(question) else { return response }
    return RPCResponse(
      status: response.status,
      body: Array(answer(String(decoding: response.body, as: UTF8.self)).utf8))
  }
}
