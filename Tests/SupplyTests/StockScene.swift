import Aggregates
import ChainTypes
import Database
import Deployment
import EventLog
import LoopbackHTTP
import Supply
import TestDatabases
import Testing

/// Stock on a database of its own, with what must hold of it whatever happened.
final class StockScene: Sendable {
  static let tenant = "roastery"
  static let location = "old town"

  let database: any Database
  let time = TestTime()
  let service: SupplyService

  init(_ options: TestStore.Options = TestStore.Options()) async throws {
    database = try await TestDatabase(.selected, options)
    try await Schema.migrate(database)
    let time = time
    service = SupplyService(database: database, now: { time.now }, onEvents: {})
  }

  @discardableResult
  func keep(
    _ product: String, _ onHand: Int64, lowAt: Int64? = nil, reorderAt: Int64? = nil,
    units: [String: Int64]? = nil
  ) async throws -> String {
    let (service, now) = (service, time.now)
    let random = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
    return try await database.write { connection in
      try service.create(
        .init(
          location: Self.location, product: product, unit: "g",
          details: SupplyDetails(lowAt: lowAt, reorderAt: reorderAt, units: units), onHand: onHand),
        tenant: Self.tenant, now: now, random: random, in: connection
      ).id
    }
  }

  func reserve(
    _ order: String, _ lines: [(String, Int64)], revision: Int64 = 1, until seconds: Int64? = nil
  ) async throws -> ReserveStockReply {
    try await reserve(
      order, lines: lines.map { StockLine(product: $0.0, quantity: $0.1) }, revision: revision,
      until: seconds)
  }

  func reserve(
    _ order: String, lines: [StockLine], revision: Int64 = 1, until seconds: Int64? = nil
  ) async throws -> ReserveStockReply {
    try await service.reserve(
      ReserveStock(
        tenant: Self.tenant, order: order, location: Self.location, revision: revision,
        lines: lines, until: seconds.map { time.now.adding(seconds: $0) }))
  }

  func consume(_ order: String) async throws -> ConsumeStockReply {
    try await service.consume(ConsumeStock(tenant: Self.tenant, order: order))
  }

  @discardableResult
  func release(_ order: String, revision: Int64 = 2) async throws -> ReleaseStockReply {
    try await service.release(
      ReleaseStock(tenant: Self.tenant, order: order, revision: revision))
  }

  func item(_ supply: String) async throws -> SupplyItem {
    let service = service
    return try await database.read { try service.item(supply, tenant: Self.tenant, in: $0) }
  }

  /// What is on hand and what is reserved.
  func stock(_ supply: String) async throws -> [Int64] {
    let item = try await item(supply)
    return [item.onHand, item.reserved]
  }

  func events(_ subject: String) async throws -> [String] {
    try await database.read {
      try EventLog.events(of: subject, limit: 1_000, in: $0).map(\.type)
    }
  }

  /// What is reserved is what orders hold, supply by supply; rows are what their facts make; events
  /// are numbered without gaps. Nothing below is asked of the service.
  func expectSound(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let leaks = try await database.read { connection in
      try connection.query(
        """
        SELECT supplies.supply_id, reserved, CAST(COALESCE((
          SELECT SUM(quantity) FROM reservation_lines JOIN reservations
            ON reservations.tenant = reservation_lines.tenant
            AND reservations.order_id = reservation_lines.order_id
          WHERE reservation_lines.supply_id = supplies.supply_id AND reservations.status = 'held'
        ), 0) AS \(connection.dialect.integer)) AS held FROM supplies
        """
      ).filter { try $0.integer("reserved") != $0.integer("held") }.map { "\($0.values)" }
    }
    #expect(leaks == [], sourceLocation: sourceLocation)
    let report = try await SupplyService.rebuild(database, writing: false)
    #expect(report.differing == [], sourceLocation: sourceLocation)
  }
}
