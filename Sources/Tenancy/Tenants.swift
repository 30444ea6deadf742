package import ChainTypes
package import Database

/// A shop or organisation whose payments these are.
package struct Tenant: Sendable, Equatable {
  /// 1 to 64 characters of `a–z`, `0–9`, `-` and `_`.
  package let id: String
  package let name: String
  package let createdAt: Timestamp
}

/// The table of tenants.
package enum Tenants {
  package enum CreationError: Error, Equatable {
    case invalidID(String)
    case invalidName(String)
    case exists(String)
  }

  /// Whether `text` may be a tenant's id.
  package static func isValid(id text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x5f
      }
  }

  @discardableResult
  package static func create(
    id: String, name: String, now: Timestamp, in connection: any SQLConnection
  ) throws -> Tenant {
    try check(id: id, name: name)
    let inserted = try connection.execute(
      """
      INSERT INTO tenants (id, name, created_at) VALUES ($1, $2, $3)
      ON CONFLICT (id) DO NOTHING
      """,
      [.text(id), .text(name), .integer(now.microseconds)])
    guard inserted == 1 else { throw CreationError.exists(id) }
    return Tenant(id: id, name: name, createdAt: now)
  }

  /// Creates the tenant or brings its name up to date, as a start with a configuration does.
  package static func createOrRename(
    id: String, name: String, now: Timestamp, in connection: any SQLConnection
  ) throws {
    try check(id: id, name: name)
    // One statement: of processes that start at once all may be the first.
    try connection.execute(
      """
      INSERT INTO tenants (id, name, created_at) VALUES ($1, $2, $3)
      ON CONFLICT (id) DO UPDATE SET name = $2
      """,
      [.text(id), .text(name), .integer(now.microseconds)])
  }

  private static func check(id: String, name: String) throws(CreationError) {
    guard isValid(id: id) else { throw .invalidID(id) }
    guard (1...200).contains(name.utf8.count), !name.utf8.contains(0) else {
      throw .invalidName(name)
    }
  }

  package static func find(_ id: String, in connection: any SQLConnection) throws -> Tenant? {
    let row = try connection.queryFirst(
      "SELECT id, name, created_at FROM tenants WHERE id = $1", [.text(id)])
    return try row.map(tenant)
  }

  /// Up to `limit` tenants behind `after`, by id.
  package static func list(
    after: String? = nil, limit: Int, in connection: any SQLConnection
  ) throws -> [Tenant] {
    try connection.query(
      "SELECT id, name, created_at FROM tenants WHERE id > $1 ORDER BY id LIMIT $2",
      [.text(after ?? ""), .integer(Int64(limit))]
    ).map(tenant)
  }

  private static func tenant(_ row: SQLRow) throws -> Tenant {
    Tenant(
      id: try row.text("id"), name: try row.text("name"),
      createdAt: Timestamp(microseconds: try row.integer("created_at")))
  }
}
