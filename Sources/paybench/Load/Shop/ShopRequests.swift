internal import Database
internal import Foundation
internal import Tenancy

/// Requests to a served shop, as bytes; and what they are about, read from its database.
struct ShopRequests: Sendable {
  let shop: ServedShop

  /// - Parameter token: whose request it is; the shop's program's where nil
  func request(
    _ method: String, _ path: String, body: String? = nil, as token: String? = nil,
    accepting type: String? = nil
  ) -> [UInt8] {
    var text = """
      \(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\
      Authorization: Bearer \(token ?? shop.key.text)\r\n
      """
    if let type { text += "Accept: \(type)\r\n" }
    if method != "GET" { text += "Idempotency-Key: \(UUID().uuidString)\r\n" }
    if let body {
      text += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    } else {
      text += "\r\n"
    }
    return Array(text.utf8)
  }

  /// Whose answer has no end.
  func stream(_ path: String) -> [UInt8] {
    request("GET", path, accepting: "text/event-stream")
  }

  func run(_ requests: some Sequence<[UInt8]>) -> ByteRun {
    var run = ByteRun()
    for request in requests { run.append(request) }
    return run
  }

  /// The texts that a query gives.
  func texts(_ sql: String, _ arguments: [SQLValue] = []) async throws -> [String] {
    try await shop.database.read { connection in
      try connection.query(sql, arguments).map { try $0.text("text") }
    }
  }

  /// Asks all of these, as fast as they are answered.
  func send(_ requests: ByteRun, expecting status: Int) async throws {
    guard !requests.ranges.isEmpty else { return }
    _ = try await LoadGenerator(port: shop.port, connections: 64).run(requests, expecting: status)
  }

  /// Waits until the query gives at least `count` texts, and gives them.
  func texts(_ sql: String, atLeast count: Int) async throws -> [String] {
    let deadline = ContinuousClock.now.advanced(by: .seconds(120))
    while true {
      let texts = try await texts(sql)
      if texts.count >= count { return texts }
      guard .now < deadline else {
        throw BenchmarkFailure("\(texts.count) of \(count) after two minutes: \(sql)")
      }
      try await Task.sleep(for: .milliseconds(100))
    }
  }
}
