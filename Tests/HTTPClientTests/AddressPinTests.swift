import HTTPClient
import LoopbackHTTP
import Testing

@Suite("Requests to addresses that were checked")
struct AddressPinTests {
  private static let loopback = IPAddress("127.0.0.1")

  private func request(
    _ url: String, host: String, port: UInt16, at addresses: [IPAddress]
  ) -> HTTPRequest {
    var request = HTTPRequest(
      method: .post, url: url, body: [1], timeoutMilliseconds: 10_000, maxResponseBytes: 10)
    request.pin = AddressPin(host: host, port: port, addresses: addresses)
    return request
  }

  @Test("a name goes to the address that was given for it, whatever anyone else says of it")
  func names() async throws {
    let server = try LoopbackServer { request in
      let host = request.headers["host"] ?? ""
      return .response(status: 200, body: Array(host.utf8.prefix(10)))
    }
    defer { server.stop() }
    let client = try HTTPClient()
    defer { client.shutdown() }
    let address = try #require(Self.loopback)
    let answer = try await client.send(
      request(
        "http://hooks.example:\(server.port)/x", host: "hooks.example", port: server.port,
        at: [address]))
    #expect(answer.status == 200 && answer.body == Array("hooks.exam".utf8))
  }

  @Test("where the address would be another nothing is connected to")
  func guarded() async throws {
    let server = try LoopbackServer { _ in .response(status: 200, body: []) }
    defer { server.stop() }
    let client = try HTTPClient()
    defer { client.shutdown() }
    let other = try #require(IPAddress("192.0.2.1"))
    // An address in the URL, one in another form, and a name that means this machine.
    for host in ["127.0.0.1", "127.1", "2130706433", "[::ffff:127.0.0.1]"] {
      let pinned = host == "127.0.0.1" ? host : "unused.example"
      await #expect(throws: HTTPClientError.self) {
        try await client.send(
          request(
            "http://\(host):\(server.port)/", host: pinned, port: server.port, at: [other]))
      }
    }
    await #expect(throws: HTTPClientError.addressRefused("127.0.0.1")) {
      try await client.send(
        request(
          "http://127.0.0.1:\(server.port)/", host: "127.0.0.1", port: server.port, at: [other]))
    }
    #expect(server.connectionCount == 0)
  }

  @Test("of a long answer the beginning is kept where that is enough")
  func beginning() async throws {
    let body = [UInt8](repeating: 7, count: 100_000)
    let server = try LoopbackServer { _ in .response(status: 201, body: body) }
    defer { server.stop() }
    let client = try HTTPClient()
    defer { client.shutdown() }
    var request = HTTPRequest(
      url: server.url, timeoutMilliseconds: 10_000, maxResponseBytes: 1_024)
    await #expect(throws: HTTPClientError.tooLarge(limit: 1_024)) {
      try await client.send(request)
    }
    request.keepsBeginning = true
    let answer = try await client.send(request)
    #expect(answer.status == 201 && answer.body == Array(body.prefix(1_024)))
  }
}
