package import ChainTypes
package import Database
package import JSON

/// Who acts, as records name them, and in whose chain.
package struct AuditAuthor: Sendable, Equatable {
  /// Nil for operators' actions for no tenant.
  package let tenant: String?
  package let actor: String
  let roles: [String]

  package init(tenant: String?, actor: String, roles: [String]) {
    self.tenant = tenant
    self.actor = actor
    self.roles = roles.sorted()
  }

  /// The same one, acting for a tenant.
  package func acting(for tenant: String?) -> AuditAuthor {
    AuditAuthor(tenant: tenant, actor: actor, roles: roles)
  }

  /// Records an action in its transaction, at its end: the chain is held from here on.
  ///
  /// - Parameters:
  ///   - action: such as `order.ready`
  ///   - subject: the id of what it is done to
  ///   - details: a small object with what else should be known, never a secret
  package func note(
    _ action: String, of subject: String, _ details: JSONValue = [:], now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    try AuditLog.append(action, of: subject, details, by: self, now: now, in: connection)
  }
}
