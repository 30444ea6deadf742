internal import HTTPServer
package import JSON
internal import LoopbackHTTP
internal import Testing

/// A client of a route's events as a stream.
package struct EventReader: Sendable {
  private let connection: TestConnection

  package struct Event: Sendable {
    package let id: String
    package let type: String
    package let event: JSONValue
  }

  package init(
    _ gateway: TestGateway, path: String = "/v1/events", query: String = "",
    lastEventID: String? = nil,
    as tenant: String = TestGateway.tenant
  ) async throws {
    connection = try TestConnection(port: gateway.port)
    var headers = gateway.authorization(tenant)
    headers["Accept"] = "text/event-stream"
    headers["Last-Event-ID"] = lastEventID
    try await connection.request("GET", path + query, headers: headers)
    let answer = try await connection.answer()
    try #require(answer.status == 200)
    #expect(answer.headers["content-type"] == "text/event-stream")
    #expect(answer.headers["cache-control"] == "no-store")
  }

  /// The next event; nil at the stream's end.
  package func next() async throws -> Event? {
    guard let text = try await connection.event() else { return nil }
    // As a browser reads it: fields by line, the lines of `data` joined by a line feed.
    var fields: [String: String] = [:]
    for line in text.unicodeScalars.split(whereSeparator: { $0 == "\n" || $0 == "\r" }) {
      let parts = String(line).split(separator: ": ", maxSplits: 1)
      let (name, value) = (String(parts[0]), parts.count == 2 ? String(parts[1]) : "")
      fields[name] = fields[name].map { "\($0)\n\(value)" } ?? value
    }
    // A time to come back after is no event.
    if fields.keys.elementsEqual(["retry"]) { return try await next() }
    return Event(
      id: try #require(fields["id"]), type: try #require(fields["event"]),
      event: try JSONValue(parsing: Array(try #require(fields["data"]).utf8)))
  }

  package func next(_ count: Int) async throws -> [Event] {
    var events: [Event] = []
    while events.count < count, let event = try await next() { events.append(event) }
    return events
  }
}
