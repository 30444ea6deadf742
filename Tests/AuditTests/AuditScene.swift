import Audit
import ChainTypes
import Database
import JSON
import TestDatabases

/// A database with the audit log's tables.
struct AuditScene: Sendable {
  let database: TestDatabase
  static let now = Timestamp(microseconds: 1_800_000_000_123_456)

  init(_ engine: TestEngine = .selected) async throws {
    database = try await TestDatabase(engine)
    try await Migrator.migrate(
      database, AuditSchema.migrations, component: AuditSchema.component)
  }

  static func author(_ tenant: String? = "shop") -> AuditAuthor {
    AuditAuthor(tenant: tenant, actor: "user:anna", roles: ["shop_manager", "barista"])
  }

  /// Records `count` actions, each in a transaction of its own.
  func note(_ count: Int, for tenant: String? = "shop") async throws {
    for number in 0..<count {
      try await database.write {
        try Self.author(tenant).note(
          "order.ready", of: "ord_\(number)", ["number": .integer(number)], now: Self.now, in: $0)
      }
    }
  }

  func records(_ tenant: String? = "shop") async throws -> [AuditRecord] {
    try await database.read { try AuditLog.page(of: tenant, after: 0, limit: 10_000, in: $0) }
  }

  func broken(
    _ tenant: String? = "shop", kept: [AuditHead] = []
  ) async throws -> AuditChain.Break? {
    try await database.read {
      try AuditVerification(kept: kept).verify(tenant, in: $0).broken
    }
  }

  func heads() async throws -> [AuditHead] { try await database.read { try AuditHead.all(in: $0) } }

  /// What somebody does who owns the tables, and first takes their guards away.
  func tamper(_ statements: String...) async throws {
    try await database.write { connection in
      switch connection.dialect {
      case .sqlite:
        for name in ["update", "delete"] {
          try connection.execute("DROP TRIGGER IF EXISTS audit_log_keeps_on_\(name)")
        }
      case .postgreSQL:
        try connection.execute("DROP TRIGGER IF EXISTS audit_log_keeps ON audit_log")
      }
      for statement in statements { try connection.execute(statement) }
    }
  }
}
