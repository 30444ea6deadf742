internal import ChainTypes
internal import Database
internal import HTTPServer
internal import Logging
internal import Watching

/// Removes what is kept for a time only.
struct Housekeeping: Sendable {
  let surroundings: Surroundings

  /// Replies under an Idempotency-Key are kept for a week.
  private static let replySeconds: Int64 = 7 * 86_400

  func run() async throws {
    try await surroundings.whileHolding("housekeeping:\(surroundings.region)") { _ in
      while !Task.isCancelled {
        do {
          try await forgetReplies()
        } catch {
          surroundings.logger.error(
            "forgetting old replies failed", metadata: ["error": "\(error)"])
        }
        try? await Task.sleep(for: .seconds(600))
      }
    }
  }

  private func forgetReplies() async throws {
    let before = SystemTime().now.adding(seconds: -Self.replySeconds)
    let limit = 1_000
    while !Task.isCancelled,
      try await surroundings.database.write({ connection in
        try Idempotency.forget(before: before, limit: limit, in: connection)
      }) == limit
    {}
  }
}
