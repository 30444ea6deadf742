internal import ChainTypes
internal import CustomerMessages
internal import Database
internal import EventLog
internal import HTTPServer
internal import Leases
internal import Logging
internal import Notifications
internal import Settings
internal import Watching

/// Removes what is kept for a time only.
struct Housekeeping: Sendable {
  let surroundings: Surroundings

  /// Replies under an Idempotency-Key are kept for a week.
  private static let replySeconds: Int64 = 7 * 86_400

  func run() async throws {
    try await surroundings.whileHolding("housekeeping:\(surroundings.region)") { lease in
      while !Task.isCancelled {
        try await trying("forgetting old replies") { try await forgetReplies(under: lease) }
        try await trying("forgetting old deliveries") {
          try await forgetDeliveries(under: lease)
        }
        try await trying("forgetting orders heard of") { try await forgetHeard(under: lease) }
        try await trying("removing old events") { try await removeEvents(under: lease) }
        try? await Task.sleep(for: .seconds(600))
      }
    }
  }

  private func trying(_ what: String, _ body: () async throws -> Void) async throws(LeaseLost) {
    do {
      try await body()
    } catch let lost as LeaseLost {
      throw lost
    } catch {
      surroundings.logger.error("\(what) failed", metadata: ["error": "\(error)"])
    }
  }

  private func removeEvents(under lease: Lease) async throws {
    let configuration = surroundings.plan.configuration
    guard let days = configuration.retention.eventDays else { return }
    let before = SystemTime().now.adding(seconds: -Int64(days) * 86_400)
    let isRelayed = configuration.kafka != nil
    while !Task.isCancelled,
      try await surroundings.database.write({ connection in
        try Leases.check(lease, in: connection)
        return try EventRetention.step(before: before, isRelayed: isRelayed, in: connection)
      })
    {}
  }

  private func forgetDeliveries(under lease: Lease) async throws {
    let now = SystemTime().now
    let days = surroundings.plan.configuration.retention.deliveryDays
    let before = now.adding(seconds: -Int64(days) * 86_400)
    let limit = 1_000
    while !Task.isCancelled,
      try await surroundings.database.write({ connection in
        try Leases.check(lease, in: connection)
        try WebhookService.forgetSecrets(now: now, in: connection)
        return try Deliveries.forget(before: before, limit: limit, in: connection)
      }) == limit
    {}
  }

  private func forgetHeard(under lease: Lease) async throws {
    let before = SystemTime().now.adding(seconds: -HeardOrders.keptSeconds)
    let limit = 1_000
    while !Task.isCancelled,
      try await surroundings.database.write({ connection in
        try Leases.check(lease, in: connection)
        return try HeardOrders.forget(before: before, limit: limit, in: connection)
      }) == limit
    {}
  }

  private func forgetReplies(under lease: Lease) async throws {
    let before = SystemTime().now.adding(seconds: -Self.replySeconds)
    let limit = 1_000
    while !Task.isCancelled,
      try await surroundings.database.write({ connection in
        try Leases.check(lease, in: connection)
        return try Idempotency.forget(before: before, limit: limit, in: connection)
      }) == limit
    {}
  }
}
