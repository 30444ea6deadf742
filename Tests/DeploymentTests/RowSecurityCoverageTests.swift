import Database
import Deployment
import TestDatabases
import Testing

@Suite("Row-level security over all tables")
struct RowSecurityCoverageTests {
  /// What belongs to nobody: chains, and the program's own bookkeeping.
  private static let shared: Set<String> = [
    "schema_migrations", "chains", "headers", "coverage", "transfers", "transfer_inputs",
    "transfer_proofs", "execution_proofs", "block_headers", "incomes", "event_positions", "leases",
    "relay_cursor",
    "relay_epochs",
    "relay_partitions", "restore_epochs", "inbox_consumers", "inbox_places", "inbox_subjects",
    "inbox_parked", "outgoing_slots", "outgoing_slot_uses", "outgoing_waits", "outgoing_given_up",
    "outgoing_nonces",
    "outgoing_sweeps", "reconciliations", "ledger_closes", "watch_snapshots",
    "price_rates", "price_sources", "price_history",
  ]
  private static let owned: Set<String> = [
    "accounts", "addresses", "address_reservations", "payments", "payment_facts", "events",
    "outbox", "event_subjects",
    "tenants", "api_keys", "idempotency_keys", "refunds", "refund_facts", "refund_caps",
    "payment_timers", "ledger_entries", "ledger_balances", "outgoing",
    "supplies", "supply_facts", "reservations", "reservation_lines", "orders", "order_facts",
    "order_timers", "order_words", "audit_log", "audit_heads", "deliveries", "delivery_targets",
    "quotes", "webhook_endpoints", "webhook_facts", "webhook_secrets", "customer_preferences",
    "claims", "claim_facts", "claim_codes", "claim_addresses", "claim_words", "delivery_attempts",
    "heard_orders",
  ]

  private static func names(
    _ sql: String, in database: any Database
  ) async throws -> Set<String> {
    try await database.read { try Set($0.query(sql).map { try $0.text("name") }) }
  }

  @Test("a table with tenants' rows has it, also for its owner; every other one is known as shared")
  func tables() async throws {
    let database = try await TestDatabase(.postgreSQL)
    try await Schema.migrate(database)
    let all = try await database.read { try Set($0.tableNames()) }
    let protected = try await Self.names(
      """
      SELECT relname AS name FROM pg_class
      WHERE relnamespace = CAST(current_schema() AS REGNAMESPACE) AND relkind IN ('r', 'p')
        AND relrowsecurity AND relforcerowsecurity
        AND (SELECT COUNT(*) FROM pg_policy WHERE polrelid = pg_class.oid) = 2
      """, in: database)
    #expect(protected == Self.owned)
    let named = try await Self.names(
      """
      SELECT table_name AS name FROM information_schema.columns
      WHERE table_schema = current_schema() AND column_name = 'tenant'
      """, in: database)
    #expect(named.isSubset(of: protected), "a table with a tenant isn't protected")
    let unknown = all.subtracting(protected).subtracting(Self.shared)
    #expect(unknown.isEmpty, "say of new tables whether they are tenants': \(unknown.sorted())")
  }

  @Test("tenants' transactions may do what the API does with the tables, and nothing more")
  func privileges() async throws {
    let database = try await TestDatabase(.postgreSQL)
    try await Schema.migrate(database)
    let tables = try await Self.names(
      """
      SELECT table_name || ' ' || string_agg(privilege_type, ', ' ORDER BY privilege_type) AS name
      FROM information_schema.role_table_grants
      WHERE table_schema = current_schema() AND grantee = '\(RowSecurity.tenantRole)'
      GROUP BY table_name
      """, in: database)
    #expect(
      tables == [
        "payments INSERT, SELECT", "payment_facts INSERT, SELECT", "addresses SELECT",
        "address_reservations SELECT", "events SELECT",
        "outbox INSERT, SELECT", "event_subjects INSERT, SELECT", "idempotency_keys INSERT, SELECT",
        "event_positions SELECT", "chains SELECT", "transfer_proofs SELECT",
        "execution_proofs SELECT", "block_headers SELECT", "refunds INSERT, SELECT",
        "refund_facts INSERT, SELECT",
        "refund_caps INSERT, SELECT", "payment_timers DELETE, INSERT, SELECT",
        "ledger_entries INSERT, SELECT", "ledger_balances INSERT, SELECT",
        "supplies INSERT, SELECT", "supply_facts INSERT, SELECT", "reservations INSERT, SELECT",
        "reservation_lines DELETE, INSERT, SELECT", "orders INSERT, SELECT",
        "order_facts INSERT, SELECT", "order_timers DELETE, INSERT, SELECT",
        "order_words DELETE, INSERT, SELECT", "audit_log INSERT, SELECT",
        "claim_words DELETE, INSERT, SELECT", "delivery_attempts SELECT",
        "audit_heads INSERT, SELECT", "deliveries INSERT, SELECT",
        "delivery_targets INSERT, SELECT", "customer_preferences DELETE, INSERT, SELECT",
        "quotes INSERT, SELECT", "webhook_endpoints INSERT, SELECT",
        "webhook_facts INSERT, SELECT", "webhook_secrets DELETE, INSERT", "claims INSERT, SELECT",
        "claim_facts INSERT, SELECT", "claim_codes DELETE, INSERT, SELECT",
        "claim_addresses DELETE, INSERT, SELECT",
      ])
    let updated = try await Self.names(
      """
      SELECT table_name || '.' || column_name AS name
      FROM information_schema.role_column_grants
      WHERE table_schema = current_schema() AND grantee = '\(RowSecurity.tenantRole)'
        AND privilege_type = 'UPDATE'
      """, in: database)
    #expect(
      updated == [
        "addresses.payment_id", "payments.version", "payments.status", "payments.received",
        "payments.confirmed", "payments.deadline_passed", "payments.holds_order",
        "payments.updated_at", "event_subjects.sequence", "refunds.status", "refunds.version",
        "refunds.updated_at", "refund_caps.receipts", "refund_caps.taken",
        "payment_timers.due_at", "ledger_balances.debit", "ledger_balances.credit",
        "supplies.version", "supplies.updated_at", "supplies.state", "supplies.status",
        "supplies.on_hand", "supplies.reserved", "supplies.deleted", "supplies.owner",
        "supplies.reorder", "reservations.status",
        "reservations.revision", "reservations.expires_at", "reservations.updated_at",
        "orders.version", "orders.updated_at", "orders.state", "orders.status",
        "orders.attention", "orders.customer", "orders.payment", "order_timers.due_at",
        "order_timers.failures", "audit_heads.position", "audit_heads.hash", "deliveries.status",
        "deliveries.next_attempt_at", "deliveries.expires_at", "deliveries.finished_at",
        "deliveries.earlier_attempts", "delivery_targets.due_at", "delivery_targets.is_failing",
        "delivery_targets.failures", "delivery_targets.failing_since",
        "delivery_targets.failed_at",
        "delivery_targets.paused_until", "delivery_targets.retired", "customer_preferences.email",
        "customer_preferences.push_provider", "customer_preferences.push_token",
        "customer_preferences.language", "customer_preferences.time_zone",
        "customer_preferences.channels", "customer_preferences.unsubscribed_at",
        "customer_preferences.updated_at", "quotes.payment_id", "webhook_endpoints.version",
        "webhook_endpoints.updated_at", "webhook_endpoints.state", "webhook_endpoints.enabled",
        "webhook_endpoints.deleted", "webhook_secrets.expires_at", "claims.version",
        "claims.updated_at", "claims.state", "claims.status", "claim_codes.code",
        "claim_addresses.address",
      ])
    let read = try await Self.names(
      """
      SELECT table_name || '.' || column_name AS name
      FROM information_schema.role_column_grants
      WHERE table_schema = current_schema() AND grantee = '\(RowSecurity.tenantRole)'
        AND privilege_type = 'SELECT'
        AND table_name IN ('accounts', 'ledger_closes', 'webhook_secrets')
      """, in: database)
    #expect(
      read == [
        "accounts.account_id", "accounts.tenant", "accounts.family", "accounts.region",
        "accounts.epoch", "accounts.purpose", "ledger_closes.closed_at",
        "webhook_secrets.webhook_id", "webhook_secrets.number", "webhook_secrets.tenant",
        "webhook_secrets.created_at", "webhook_secrets.expires_at",
      ])
  }

  @Test("a program that starts again on a finished schema changes nothing")
  func again() async throws {
    let database = try await TestDatabase(.postgreSQL)
    try await Schema.migrate(database)
    try await Schema.migrate(database)
    #expect(try await database.read { try Schema.fit(of: $0) } == .same)
  }
}
