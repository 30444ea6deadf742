package import ChainTypes
package import Database

extension Idempotency {
  /// Does what a request under a key asks for, in a transaction on the tenant's behalf, and keeps
  /// the reply; who repeats the request gets that reply, and nothing is done.
  ///
  /// Under one key, requests for several things don't wait for each other: the one that comes
  /// second learns of the first when it asks again.
  ///
  /// - Parameters:
  ///   - holding: runs before the key is asked for: holds what the request is about, so that of two
  ///     repetitions at once one finds the other's reply
  ///   - body: gives the reply's JSON
  package static func once(
    _ key: IdempotencyKey, tenant: String, now: Timestamp, on database: any Database,
    status: Int = 201,
    holding: @escaping @Sendable (any SQLConnection) throws -> Void = { _ in },
    _ body: @escaping @Sendable (any SQLConnection) throws -> String
  ) async throws -> StoredReply {
    try await once(
      key, tenant: tenant, now: now, on: database, holding: holding,
      replying: { StoredReply(status: status, body: Array(try body($0).utf8)) })
  }

  /// The same of a request that is answered in several ways, each of which holds for its
  /// repetitions.
  package static func once(
    _ key: IdempotencyKey, tenant: String, now: Timestamp, on database: any Database,
    holding: @escaping @Sendable (any SQLConnection) throws -> Void,
    replying body: @escaping @Sendable (any SQLConnection) throws -> StoredReply
  ) async throws -> StoredReply {
    let attempt: @Sendable () async throws -> StoredReply = {
      try await database.groupedWrite(as: tenant) { connection in
        try holding(connection)
        if let stored = try reply(to: key, tenant: tenant, in: connection) { return stored }
        let reply = try body(connection)
        try store(reply, for: key, tenant: tenant, now: now, in: connection)
        return reply
      }
    }
    do {
      return try await attempt()
    } catch let error as DatabaseError where error.isConstraintViolation {
      return try await attempt()
    }
  }
}
