internal import Database
internal import EventLog
internal import Leases
internal import Settlement
internal import Tenancy

/// A backup may be older than this program: what it brings is migrated as paywatch would do.
enum RestoredSchema {
  static func migrate(_ database: any Database) async throws {
    for (component, migrations) in [
      (EventLog.component, EventLog.migrations),
      (SettlementSchema.component, SettlementSchema.migrations),
      (TenantSchema.component, TenantSchema.migrations),
      (Leases.component, Leases.migrations),
      (Relay.component, Relay.migrations),
    ] {
      try await Migrator.migrate(database, migrations, component: component)
    }
  }
}
