import Foundation
import HTTPClient
import JSON
import LoopbackHTTP
import NodeRPC
import Synchronization
import Testing

@Suite("JSON-RPC over HTTP") struct HTTPTransportTests {
  /// A cookie file of a test's own, and the credential that the server takes at the moment.
  private final class Cookie: Sendable {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).cookie")
    private let accepted = Mutex("")

    func write(_ secret: String) throws {
      try Data("__cookie__:\(secret)".utf8).write(to: file)
    }

    func accept(_ secret: String) {
      let text = Data("__cookie__:\(secret)".utf8).base64EncodedString()
      accepted.withLock { $0 = "Basic \(text)" }
    }

    func isAccepted(_ header: String?) -> Bool { accepted.withLock { $0 == header } }
  }

  private func withServer(
    _ test: (LoopbackServer, HTTPTransport, Cookie) async throws -> Void
  ) async throws {
    let cookie = Cookie()
    let server = try LoopbackServer { request in
      cookie.isAccepted(request.headers["authorization"])
        ? .response(status: 200, body: request.body) : .response(status: 401, body: [])
    }
    defer { server.stop() }
    let client = try HTTPClient()
    defer { client.shutdown() }
    defer { try? FileManager.default.removeItem(at: cookie.file) }
    let transport = HTTPTransport(
      client: client, url: server.url, authentication: .cookie(file: cookie.file.path))
    try await test(server, transport, cookie)
  }

  private func status(_ transport: HTTPTransport) async throws -> Int {
    try await transport.post(Array("{}".utf8), timeoutMilliseconds: 10_000, maximumBytes: 1 << 20)
      .status
  }

  @Test("a cookie that was rotated is read again once and the request sent again")
  func rotated() async throws {
    try await withServer { server, transport, cookie in
      try cookie.write("first")
      cookie.accept("first")
      #expect(try await status(transport) == 200)
      try cookie.write("second")
      cookie.accept("second")
      #expect(try await status(transport) == 200)
      #expect(try await status(transport) == 200)
      #expect(try await requestCount(server) == 4)
    }
  }

  @Test("a cookie that stays wrong is refused without asking for ever")
  func wrong() async throws {
    try await withServer { server, transport, cookie in
      try cookie.write("old")
      cookie.accept("new")
      #expect(try await status(transport) == 401)
      try cookie.write("other")
      #expect(try await status(transport) == 401)
      #expect(try await requestCount(server) == 3)
    }
  }

  @Test(
    "a cookie file that is missing or isn't one is no credential",
    arguments: [nil, "", "no colon", String(repeating: "a:", count: 5_000)])
  func noCookie(content: String?) async throws {
    try await withServer { server, transport, cookie in
      if let content { try Data(content.utf8).write(to: cookie.file) }
      let error = await #expect(throws: TransportError.self) { try await status(transport) }
      guard case .noCredential = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(server.connectionCount == 0)
    }
  }

  @Test("a node asked over HTTP answers, and its silence is a time-out")
  func overHTTP() async throws {
    let body = Array(#"{"jsonrpc":"2.0","result":7,"id":1}"#.utf8)
    let server = try LoopbackServer { request in
      request.headers["authorization"] == "Basic dXNlcjpwYXNz"
        && request.headers["content-type"] == "application/json"
        ? .response(status: 200, body: body) : .never
    }
    defer { server.stop() }
    let http = try HTTPClient()
    defer { http.shutdown() }
    func call(_ authentication: RPCAuthentication, timeout: Int) async throws -> JSONValue {
      let transport = HTTPTransport(
        client: http, url: server.url, authentication: authentication)
      return try await client(transport)
        .call(RPCCall("getblockcount"), timeoutMilliseconds: timeout).json()
    }
    let password = RPCAuthentication.password(user: "user", password: "pass")
    #expect(try await call(password, timeout: 10_000) == .number("7"))
    await #expect(throws: RPCError.transport(.timedOut)) {
      try await call(.none, timeout: 50)
    }
  }

  /// How many requests have reached the server so far.
  private func requestCount(_ server: LoopbackServer) async throws -> Int {
    server.stop()
    var count = 0
    for await event in server.events where event == .request(path: "/") { count += 1 }
    return count
  }
}
