internal import Audit
internal import Claiming
internal import CustomerMessages
package import Database
internal import EventLog
internal import Leases
internal import Notifications
internal import Orders
internal import Prices
internal import Settlement
internal import Supply
internal import Tenancy

/// The tables of all parts of the program, each part's steps under its own name.
package enum Schema {
  private static let components: [(name: String, migrations: [Migration])] = [
    (EventLog.component, EventLog.migrations),
    (SettlementSchema.component, SettlementSchema.migrations),
    (TenantSchema.component, TenantSchema.migrations),
    (Leases.component, Leases.migrations),
    (AuditSchema.component, AuditSchema.migrations),
    (Relay.component, Relay.migrations),
    (Inbox.component, Inbox.migrations),
    (SupplySchema.component, SupplySchema.migrations),
    (OrderSchema.component, OrderSchema.migrations),
    (NotificationSchema.component, NotificationSchema.migrations),
    (CustomerMessageSchema.component, CustomerMessageSchema.migrations),
    (PriceSchema.component, PriceSchema.migrations),
    (ClaimSchema.component, ClaimSchema.migrations),
  ]

  /// Brings the database up to this program. The login role must own its schema's tables, or the
  /// schema and the right to make roles where there are none yet.
  package static func migrate(_ database: any Database) async throws {
    try await Migrator.locked(database) { connection in
      for statement in RowSecurity.roles(connection.dialect) { try connection.execute(statement) }
    }
    for (name, migrations) in components {
      try await Migrator.migrate(database, migrations, component: name)
    }
  }

  /// How a database's tables compare with this program's.
  package enum Fit: Sendable, Equatable {
    case same
    /// It isn't Paywatch's.
    case none
    case older(component: String, applied: Int, known: Int)
    case newer(component: String, applied: Int, known: Int)
  }

  package static func fit(of connection: any SQLConnection) throws -> Fit {
    guard try Migrator.hasRecord(in: connection) else { return .none }
    for (name, migrations) in components {
      let applied = try Migrator.newest(of: name, in: connection)
      if applied < migrations.count {
        return .older(component: name, applied: applied, known: migrations.count)
      }
      if applied > migrations.count {
        return .newer(component: name, applied: applied, known: migrations.count)
      }
    }
    return .same
  }
}
