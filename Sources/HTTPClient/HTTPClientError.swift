/// Why a request brought no whole response. No text in it holds a credential, path or query.
package enum HTTPClientError: Error, Equatable, Sendable {
  case timedOut
  /// No connection came about: the name isn't known, or nobody listens.
  case connectionFailed(String)
  /// The connection broke before the answer was whole.
  case connectionLost(String)
  /// The body, or all headers together, grew past `limit` bytes.
  case tooLarge(limit: Int)
  /// The connection would have gone to another address than `HTTPRequest.pin` has.
  case addressRefused(String)
  case cancelled
  /// The peer's certificate or the handshake isn't right.
  case tls(String)
  /// The URL, a header or a limit of the request isn't one.
  case invalidRequest(String)
  /// The client has been shut down.
  case shutDown
}
