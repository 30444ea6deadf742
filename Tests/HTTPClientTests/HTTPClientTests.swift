import HTTPClient
import LoopbackHTTP
import Testing

@Suite("The HTTP client") struct HTTPClientTests {
  /// A server and a client for one test, both ended with it.
  private func withServer(
    _ handler: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Reply,
    _ test: (LoopbackServer, HTTPClient) async throws -> Void
  ) async throws {
    let server = try LoopbackServer(handler)
    defer { server.stop() }
    let client = try HTTPClient()
    defer { client.shutdown() }
    try await test(server, client)
  }

  private func request(
    _ url: String, body: [UInt8] = [], timeoutMilliseconds: Int = 10_000,
    maxResponseBytes: Int = 1 << 20
  ) -> HTTPRequest {
    HTTPRequest(
      method: .post, url: url, headers: [HTTPHeader("X-Test", "yes")], body: body,
      timeoutMilliseconds: timeoutMilliseconds, maxResponseBytes: maxResponseBytes)
  }

  @Test("method, path, headers, credential and body arrive, and the answer comes back whole")
  func roundTrip() async throws {
    try await withServer({ request in
      let seen = [
        request.method, request.path, request.headers["x-test"] ?? "",
        request.headers["authorization"] ?? "", request.headers["expect"] ?? "none",
      ].joined(separator: " ")
      return .response(status: 500, headers: ["X-Seen: \(seen)"], body: request.body)
    }) { server, client in
      let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
      var request = request(server.url + "/rpc", body: body, maxResponseBytes: 3_000_000)
      request.credential = .init(user: "user", password: "pass")
      let response = try await client.send(request)
      #expect(response.status == 500)
      #expect(response.header("x-seen") == "POST /rpc yes Basic dXNlcjpwYXNz none")
      #expect(response.body == body)
    }
  }

  @Test("requests one after another share a connection")
  func keepsAlive() async throws {
    try await withServer({ .response(status: 200, body: Array($0.path.utf8)) }) {
      server, client in
      for number in 0..<20 {
        let response = try await client.send(request(server.url + "/\(number)"))
        #expect(response.body == Array("/\(number)".utf8))
      }
      #expect(server.connectionCount == 1)
    }
  }

  @Test("many requests at once each get their own answer")
  func concurrent() async throws {
    try await withServer({ .response(status: 200, body: $0.body) }) { server, client in
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for number in 0..<64 {
          group.addTask {
            let body = [UInt8](repeating: UInt8(number), count: 10_000 + number)
            return try await client.send(self.request(server.url, body: body)).body == body
          }
        }
        for try await isRight in group { #expect(isRight) }
      }
    }
  }

  @Test("a server that doesn't answer in time is a time-out")
  func timeOut() async throws {
    try await withServer({ _ in .never }) { server, client in
      await #expect(throws: HTTPClientError.timedOut) {
        try await client.send(request(server.url, timeoutMilliseconds: 50))
      }
    }
  }

  @Test("an answer cut off in its body is no answer")
  func cutOff() async throws {
    let partial = Array("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".utf8)
    try await withServer({ _ in .raw(partial) }) { server, client in
      let error = await #expect(throws: HTTPClientError.self) {
        try await client.send(request(server.url))
      }
      guard case .connectionLost = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test("an announced body over the limit is refused before it comes")
  func announcedTooLarge() async throws {
    let head = Array("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".utf8)
    try await withServer({ _ in .raw(head) }) { server, client in
      await #expect(throws: HTTPClientError.tooLarge(limit: 1_000)) {
        try await client.send(request(server.url, maxResponseBytes: 1_000))
      }
    }
  }

  @Test("a body that grows past the limit unannounced ends the transfer", arguments: [0, 1_000])
  func growsTooLarge(limit: Int) async throws {
    let head = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
    let endless = head + [UInt8](repeating: 0x20, count: 5_000_000)
    try await withServer({ _ in .raw(endless) }) { server, client in
      await #expect(throws: HTTPClientError.tooLarge(limit: limit)) {
        try await client.send(request(server.url, maxResponseBytes: limit))
      }
    }
  }

  @Test("a body of exactly the limit passes")
  func exactlyTheLimit() async throws {
    try await withServer({ _ in .response(status: 200, body: [1, 2, 3]) }) { server, client in
      let response = try await client.send(request(server.url, maxResponseBytes: 3))
      #expect(response.body == [1, 2, 3])
    }
  }

  @Test("of a header's lines names and values are read, without the white space around a value")
  func headerLines() async throws {
    let raw = """
      HTTP/1.1 100 Continue\r
      X-Interim: yes\r
      \r
      HTTP/1.1 200 OK\r
      X-Plain:a b\r
      X-Wide: \t a: b\t \r
      X-Empty:\r
      X-Blank:  \r
      Content-Length: 1\r
      \r
      .
      """
    try await withServer({ _ in .raw(Array(raw.utf8)) }) { server, client in
      let response = try await client.send(request(server.url))
      #expect(
        response.headers == [
          HTTPHeader("X-Plain", "a b"), HTTPHeader("X-Wide", "a: b"), HTTPHeader("X-Empty", ""),
          HTTPHeader("X-Blank", ""), HTTPHeader("Content-Length", "1"),
        ])
      #expect(response.body == Array(".".utf8))
    }
  }

  @Test("headers without end are refused")
  func endlessHeaders() async throws {
    let line = "X-Padding: " + String(repeating: "x", count: 1_000) + "\r\n"
    let raw = "HTTP/1.1 200 OK\r\n" + String(repeating: line, count: 200) + "\r\n"
    try await withServer({ _ in .raw(Array(raw.utf8)) }) { server, client in
      await #expect(throws: HTTPClientError.tooLarge(limit: 65_536)) {
        try await client.send(request(server.url))
      }
    }
  }

  @Test("cancelling the task aborts the transfer, which the server sees")
  func cancellation() async throws {
    try await withServer({ _ in .never }) { server, client in
      let url = server.url
      let task = Task { try await client.send(request(url, timeoutMilliseconds: 600_000)) }
      var events = server.events.makeAsyncIterator()
      #expect(await events.next() == .request(path: "/"))
      task.cancel()
      await #expect(throws: HTTPClientError.cancelled) { try await task.value }
      #expect(await events.next() == .abandoned)
    }
  }

  @Test("a task that was cancelled before sends nothing")
  func cancelledBefore() async throws {
    try await withServer({ _ in .never }) { server, client in
      let url = server.url
      let task = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await client.send(request(url))
      }
      await #expect(throws: HTTPClientError.cancelled) { try await task.value }
      #expect(server.connectionCount == 0)
    }
  }

  @Test("shutting down ends what is under way and refuses what comes after")
  func shutdown() async throws {
    try await withServer({ _ in .never }) { server, client in
      let url = server.url
      let task = Task { try await client.send(request(url, timeoutMilliseconds: 600_000)) }
      var events = server.events.makeAsyncIterator()
      #expect(await events.next() == .request(path: "/"))
      client.shutdown()
      await #expect(throws: HTTPClientError.shutDown) { try await task.value }
      await #expect(throws: HTTPClientError.shutDown) { try await client.send(request(url)) }
    }
  }

  @Test("a redirect is an answer, not an order")
  func redirect() async throws {
    try await withServer({ request in
      .response(status: 302, headers: ["Location: http://127.0.0.1/secret"], body: [])
    }) { server, client in
      let response = try await client.send(request(server.url))
      #expect(response.status == 302)
      #expect(server.connectionCount == 1)
    }
  }

  @Test("nobody listening is a failed connection whose text keeps the URL's keys")
  func refused() async throws {
    let server = try LoopbackServer { _ in .never }
    let port = server.port
    server.stop()
    let client = try HTTPClient()
    defer { client.shutdown() }
    let error = await #expect(throws: HTTPClientError.self) {
      try await client.send(request("http://me:hunter2@127.0.0.1:\(port)/v3/apikey?k=secret"))
    }
    guard case .connectionFailed(let text) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(text.contains("http://127.0.0.1:\(port)/…"))
    for secret in ["me:", "hunter2", "apikey", "secret"] { #expect(!text.contains(secret)) }
  }

  @Test(
    "other schemes and broken requests are refused",
    arguments: ["file:///etc/hostname", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "http://", ""])
  func badURL(url: String) async throws {
    let client = try HTTPClient()
    defer { client.shutdown() }
    let error = await #expect(throws: HTTPClientError.self) {
      try await client.send(request(url))
    }
    guard case .invalidRequest = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test("a header can't smuggle in a second line")
  func smuggling() async throws {
    let client = try HTTPClient()
    defer { client.shutdown() }
    var request = request("http://127.0.0.1:1")
    request.headers = [HTTPHeader("A", "b\r\nHost: elsewhere")]
    await #expect(throws: HTTPClientError.invalidRequest("a header with a line break")) {
      try await client.send(request)
    }
  }

  @Test("plain HTTP where TLS is asked for is a TLS error")
  func notTLS() async throws {
    let server = try LoopbackServer(greeting: Array("HTTP/1.1 400 No\r\n\r\n".utf8)) { _ in .never }
    defer { server.stop() }
    let client = try HTTPClient()
    defer { client.shutdown() }
    let error = await #expect(throws: HTTPClientError.self) {
      try await client.send(request("https://127.0.0.1:\(server.port)/"))
    }
    guard case .tls = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}

@Suite("Redacted URLs") struct RedactedURLTests {
  @Test(
    "show scheme, host and port only",
    arguments: [
      ("http://127.0.0.1:8332", "http://127.0.0.1:8332"),
      ("http://127.0.0.1:8332/", "http://127.0.0.1:8332"),
      ("https://user:p@ss@node.example:443/v1/key", "https://node.example:443/…"),
      ("https://node.example?key=1", "https://node.example/…"),
      ("https://node.example#key", "https://node.example/…"),
      ("key-without-a-scheme", "(not a URL)"),
    ])
  func redaction(url: String, shown: String) {
    #expect(RedactedURL(url).description == shown)
  }
}
