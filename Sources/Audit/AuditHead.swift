internal import Aggregates
package import Bytes
package import Database
internal import JSON

/// Where a chain ends. Kept elsewhere than the database, it shows later whether anything before it
/// was changed, or the chain's end cut off.
package struct AuditHead: Sendable, Equatable {
  /// Nil for operators' own chain.
  package let tenant: String?
  package let position: Int64
  package let hash: Hash32

  package init(tenant: String?, position: Int64, hash: Hash32) {
    self.tenant = tenant
    self.position = position
    self.hash = hash
  }

  /// `{"hash":…,"position":…,"tenant":…}`; the tenant is null for operators' chain.
  package var json: String {
    var object = CanonicalObject(reserving: 160)
    object.add("hash", hash.hex)
    object.add("position", position)
    if let tenant { object.add("tenant", tenant) } else { object.add("tenant", json: "null") }
    return object.text
  }

  /// Nil for another text.
  package init?(json text: String) {
    guard let json = try? JSONValue(parsing: Array(text.utf8)),
      let position = json["position"]?.integer(Int64.self), position >= 0,
      let hash = json["hash"]?.string.flatMap({ try? Hash32(hex: $0) })
    else { return nil }
    switch json["tenant"] {
    case .null?: self.init(tenant: nil, position: position, hash: hash)
    case .string(let tenant)? where !tenant.isEmpty:
      self.init(tenant: tenant, position: position, hash: hash)
    default: return nil
    }
  }

  /// The heads of all chains, operators' first.
  package static func all(in connection: any SQLConnection) throws -> [AuditHead] {
    try connection.query("SELECT tenant, position, hash FROM audit_heads ORDER BY tenant")
      .map(AuditHead.init)
  }

  /// What the database has of one chain; nil where it has none.
  static func stored(
    of tenant: String?, in connection: any SQLConnection
  ) throws -> AuditHead? {
    try connection.queryFirst(
      "SELECT tenant, position, hash FROM audit_heads WHERE tenant = $1",
      [AuditLog.column(tenant)]
    ).map(AuditHead.init)
  }

  private init(_ row: SQLRow) throws {
    self.init(
      tenant: AuditLog.tenant(of: try row.text("tenant")), position: try row.integer("position"),
      hash: try row.hash("hash"))
  }
}
