internal import Glibc
package import HTTPClient
internal import Synchronization

/// How a node knows its caller.
package enum RPCAuthentication: Equatable, Sendable {
  case none
  case password(user: String, password: String)
  /// Bitcoin Core's `.cookie` file: `user:password`, written anew at each of its starts.
  case cookie(file: String)
}

/// Carries JSON-RPC over HTTP.
///
/// A cookie is read at the first request and kept. When the node answers 401, the file is read
/// once more, and if it holds something new, the request is sent once more.
package final class HTTPTransport: RPCTransport {
  private let client: HTTPClient
  private let url: String
  private let authentication: RPCAuthentication
  private let cookie = Mutex<HTTPRequest.Credential?>(nil)

  private static let maximumCookieBytes = 1_024

  package init(client: HTTPClient, url: String, authentication: RPCAuthentication) {
    self.client = client
    self.url = url
    self.authentication = authentication
  }

  package func post(
    _ body: [UInt8], timeoutMilliseconds: Int, maximumBytes: Int
  ) async throws -> RPCResponse {
    let credential = try credential()
    let response = try await send(body, credential, timeoutMilliseconds, maximumBytes)
    guard response.status == 401, case .cookie(let file) = authentication else {
      return response
    }
    let renewed = try Self.readCookie(file)
    guard renewed != credential else { return response }
    cookie.withLock { $0 = renewed }
    return try await send(body, renewed, timeoutMilliseconds, maximumBytes)
  }

  private func credential() throws(TransportError) -> HTTPRequest.Credential? {
    switch authentication {
    case .none: return nil
    case .password(let user, let password):
      return HTTPRequest.Credential(user: user, password: password)
    case .cookie(let file):
      if let kept = cookie.withLock({ $0 }) { return kept }
      let read = try Self.readCookie(file)
      cookie.withLock { $0 = read }
      return read
    }
  }

  private func send(
    _ body: [UInt8], _ credential: HTTPRequest.Credential?, _ timeoutMilliseconds: Int,
    _ maximumBytes: Int
  ) async throws(TransportError) -> RPCResponse {
    let request = HTTPRequest(
      method: .post, url: url, headers: [HTTPHeader("Content-Type", "application/json")],
      body: body, credential: credential, timeoutMilliseconds: timeoutMilliseconds,
      maxResponseBytes: maximumBytes)
    do throws(HTTPClientError) {
      let response = try await client.send(request)
      return RPCResponse(status: response.status, body: response.body)
    } catch {
      throw Self.transportError(error)
    }
  }

  private static func transportError(_ error: HTTPClientError) -> TransportError {
    switch error {
    case .timedOut: .timedOut
    case .connectionFailed(let text), .connectionLost(let text), .tls(let text),
      .invalidRequest(let text):
      .connectionFailed(text)
    case .addressRefused(let address): .connectionFailed("\(address) is refused")
    case .tooLarge(let limit): .tooLarge(limit: limit)
    case .cancelled: .cancelled
    case .shutDown: .connectionFailed("the HTTP client is shut down")
    }
  }

  /// A cookie file is a line of some 75 bytes; reading it blocks no longer than a page fault.
  private static func readCookie(
    _ path: String
  ) throws(TransportError) -> HTTPRequest.Credential {
    guard let file = fopen(path, "r") else {
      throw .noCredential("the cookie file can't be read: \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: maximumCookieBytes)
    let count = fread(&bytes, 1, bytes.count, file)
    let text = String(decoding: bytes.prefix(count), as: UTF8.self)
    let line = text.prefix { !$0.isNewline }
    guard let colon = line.firstIndex(of: ":"), count < maximumCookieBytes else {
      throw .noCredential("the cookie file doesn't hold `user:password`")
    }
    return HTTPRequest.Credential(
      user: String(line[..<colon]), password: String(line[line.index(after: colon)...]))
  }
}
