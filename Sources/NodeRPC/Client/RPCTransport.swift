/// Carries one JSON-RPC request body to a node and brings back what it answered: HTTP in
/// production, a simulated node in tests.
package protocol RPCTransport: Sendable {
  /// Posts `body`. A node that answers at all gives an `RPCResponse`, whatever its status; what
  /// keeps it from answering is thrown, as a `TransportError` where the transport can say. An
  /// answer of more than `maximumBytes` is `tooLarge`, and isn't kept.
  func post(
    _ body: [UInt8], timeoutMilliseconds: Int, maximumBytes: Int
  ) async throws -> RPCResponse
}

package struct RPCResponse: Sendable, Equatable {
  /// The HTTP status.
  package let status: Int
  package let body: [UInt8]

  package init(status: Int, body: [UInt8]) {
    self.status = status
    self.body = body
  }
}

/// Why a node gave no answer.
package enum TransportError: Error, Equatable, Sendable {
  case timedOut
  /// Refused, unreachable, reset or cut off; the text never holds a credential.
  case connectionFailed(String)
  /// The answer grew past `limit` bytes.
  case tooLarge(limit: Int)
  /// HTTP 413 without a JSON-RPC error: the request, or what it asks for, is too much.
  case requestTooLarge
  /// The credential couldn't be read, for example because the cookie file isn't there (yet).
  case noCredential(String)
  case cancelled
}
