package import Database
internal import TestSupport

extension Database {
  /// Waits until every transaction that began before is over, those of other tests too: PostgreSQL
  /// shows payments in their order only then.
  package func settle() async throws {
    guard dialect == .postgreSQL else { return }
    let begun = try await read { connection in
      let next = try connection.queryFirst("SELECT pg_snapshot_xmax(pg_current_snapshot()) AS next")
      return try next?.integer("next") ?? 0
    }
    try await waitUntil("earlier transactions are over") {
      try await read { connection in
        let oldest = try connection.queryFirst(
          "SELECT pg_snapshot_xmin(pg_current_snapshot()) AS oldest")
        return try oldest?.integer("oldest") ?? begun
      } >= begun
    }
  }
}
