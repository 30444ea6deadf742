internal import Foundation

/// Sends requests over many connections at moments that were set beforehand, whether earlier ones
/// have been answered or not (an open loop): who waits for answers before asking on measures
/// nothing of the time in which the server kept everybody waiting.
///
/// A request's latency counts from the moment at which it was due, so what had to wait for a free
/// connection, or for the generator itself, is counted as well.
final class OpenLoad: Sendable {
  /// On 127.0.0.1.
  private let port: Int
  private let connections: Int
  /// Requests for streams that are open before the first request is due, and stay so: some of the
  /// connections.
  private let streams: ByteRun

  init(port: Int, connections: Int, streams: ByteRun = ByteRun()) {
    self.port = port
    self.connections = connections
    self.streams = streams
  }

  /// How long an answer is waited for, in nanoseconds.
  static let patience: Int64 = 3_000_000_000

  /// Opens all connections, sends what is due over one after the other of them, and gives the
  /// latencies. What isn't answered within `patience` of being due ends the run, with the rest
  /// unasked: the rate is more than the server can do.
  func run(_ schedule: LoadSchedule) async throws -> OpenLoadResult {
    try await withCheckedThrowingContinuation { continuation in
      let thread = Thread { [self] in
        continuation.resume(
          with: Result {
            let loop = try OpenLoop(port: port, connections: connections, streams, schedule)
            return try loop.run(patience: Self.patience)
          })
      }
      thread.stackSize = 1 << 20
      thread.start()
    }
  }
}

/// How an open loop was answered.
struct OpenLoadResult: Sendable {
  /// In the schedule's order.
  let endpoints: [Endpoint]
  /// Requests whose turn never came, or that weren't answered in time.
  let unanswered: Int

  struct Endpoint: Sendable {
    let name: String
    /// Of right answers in nanoseconds, ascending.
    let latencies: [Int64]
    /// How many were refused, or not answered on their connection.
    let errors: Int

    /// What isn't answered as it should be counts as waited for until nobody does any more.
    func milliseconds(at share: Double) -> Double {
      Percentile.milliseconds(
        of: latencies + [Int64](repeating: OpenLoad.patience, count: errors), at: share)
    }
  }

  /// Of which a 99th percentile says something.
  static let enough = 500

  /// Of all requests, those that were answered as they should be, however late.
  var rightShare: Double {
    let right = endpoints.reduce(0) { $0 + $1.latencies.count }
    return Double(right) / Double(max(right + errors + unanswered, 1))
  }

  var errors: Int { endpoints.reduce(0) { $0 + $1.errors } }

  /// The one whose 99th percentile is the highest; where the run was ended, what ended it.
  var worst: (name: String, milliseconds: Double) {
    guard unanswered == 0 else { return ("a request", Double(OpenLoad.patience) / 1e6) }
    return endpoints.map { ($0.name, $0.milliseconds(at: 0.99)) }.max { $0.1 < $1.1 } ?? ("none", 0)
  }

  /// Whether everything was answered as it should be, and of every endpoint 99 of 100 within the
  /// bound.
  func holds(milliseconds: Double) -> Bool {
    unanswered == 0 && errors == 0 && worst.milliseconds <= milliseconds
  }

  /// In one line: what speaks against it, or else what comes nearest to that.
  var summary: String {
    let worst = worst
    var text = "\(worst.name) has a 99th percentile of \(Report.figure(worst.milliseconds)) ms"
    if errors > 0 { text += ", \(errors) errors" }
    if unanswered > 0 { text += ", \(unanswered) unanswered" }
    return text
  }

  /// All endpoints, the slowest first.
  var table: String {
    var rows = [["endpoint", "requests", "p50 ms", "p99 ms", "worst ms", "errors", ""]]
    rows += endpoints.sorted { $0.milliseconds(at: 0.99) > $1.milliseconds(at: 0.99) }.map {
      endpoint in
      let times = [0.5, 0.99, 1].map { Report.figure(endpoint.milliseconds(at: $0)) }
      let isFew = endpoint.latencies.count < Self.enough
      return [endpoint.name, "\(endpoint.latencies.count)"] + times + [
        "\(endpoint.errors)", isFew ? "few: no 99th percentile" : "",
      ]
    }
    return Report.aligned(rows, right: 1...5)
  }
}
