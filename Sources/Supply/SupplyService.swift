package import Aggregates
package import Cache
package import ChainTypes
package import Database

/// Keeps supplies. What people decide runs inside the caller's transaction, so that a reply, a
/// supply and its events hold together; what orders ask for runs in transactions of its own
/// (`StockReserving`).
package struct SupplyService: Sendable {
  let database: any Database
  /// Through which single supplies and their lists are read; then `database` invalidates it.
  let cache: CacheAside?
  let now: @Sendable () -> Timestamp
  /// Called after a transaction of its own that appended events.
  let onEvents: @Sendable () -> Void
  let store = RecordStore<SupplyItem>()

  package init(
    database: any Database, cache: CacheAside? = nil, now: @escaping @Sendable () -> Timestamp,
    onEvents: @escaping @Sendable () -> Void
  ) {
    self.database = database
    self.cache = cache
    self.now = now
    self.onEvents = onEvents
  }

  /// What is asked for with a new supply.
  package struct NewSupply: Sendable, Equatable {
    package let location: String
    package let product: String
    package let unit: String
    package let details: SupplyDetails
    package let onHand: Int64

    package init(
      location: String, product: String, unit: String, details: SupplyDetails = SupplyDetails(),
      onHand: Int64
    ) {
      self.location = location
      self.product = product
      self.unit = unit
      self.details = details
      self.onHand = onHand
    }
  }

  /// Two at once for one product of a location: the later one's transaction fails with
  /// `DatabaseError.uniqueViolation`, and finds the other when it runs again.
  package func create(
    _ new: NewSupply, tenant: String, now: Timestamp, random: (UInt64, UInt64),
    in connection: any SQLConnection
  ) throws -> SupplyItem {
    let rival = try connection.queryFirst(
      """
      SELECT supply_id FROM supplies
      WHERE tenant = $1 AND location = $2 AND product = $3 AND deleted = 0
      """, [.text(tenant), .text(new.location), .text(new.product)])
    if let rival { throw SupplyRefusal.exists(try rival.text("supply_id")) }
    let id = try store.order(connection.dialect).newID(
      tenant: tenant, now: now, random: random, in: connection)
    let terms = SupplyTerms(
      id: id, tenant: tenant, location: new.location, product: new.product, unit: new.unit)
    var item = try store.found(
      .founded(terms, new.details, onHand: new.onHand), now: now, in: connection)
    if item.isFoundedLow { try store.apply(.assessed, to: &item, now: now, in: connection) }
    return item
  }

  /// Applies what somebody decides; what changes nothing is told and recorded nowhere.
  ///
  /// - Parameter fact: made of the supply as it is
  package func change(
    _ id: String, tenant: String, now: Timestamp, in connection: any SQLConnection,
    by fact: (SupplyItem) throws -> SupplyFact
  ) throws -> SupplyItem {
    guard var item = try store.load(id, tenant: tenant, in: connection), !item.isDeleted else {
      throw SupplyRefusal.notFound(id)
    }
    try store.apply(fact(item), to: &item, now: now, in: connection)
    return item
  }

  /// Makes the rows of all supplies again from their facts; without `writing` only compares them.
  package static func rebuild(
    _ database: any Database, writing: Bool
  ) async throws -> RebuildReport {
    try await RecordStore<SupplyItem>().rebuild(database, writing: writing)
  }

  package func item(
    _ id: String, tenant: String, in connection: any SQLConnection
  ) throws -> SupplyItem {
    let item = try store.load(id, tenant: tenant, locking: false, in: connection)
    guard let item, !item.isDeleted else { throw SupplyRefusal.notFound(id) }
    return item
  }

  /// What a list asks for; nil where it doesn't matter.
  package struct Filter: Equatable, Sendable {
    package var location: String?
    package var product: String?
    package var status: SupplyStatus?
    package var owner: String?
    package var reorder: SupplyReorder.Status?

    func values(tenant: String) -> [(column: String, value: SQLValue)] {
      [
        ("tenant", .text(tenant)), ("deleted", .flag(false)), ("location", .optional(location)),
        ("product", .optional(product)), ("status", .optional(status?.rawValue)),
        ("owner", .optional(owner)), ("reorder", .optional(reorder?.rawValue)),
      ]
    }
  }

  package func items(
    tenant: String, _ filter: Filter, after id: String?, limit: Int,
    in connection: any SQLConnection
  ) throws -> [SupplyItem] {
    try store.page(
      where: filter.values(tenant: tenant), after: id, limit: limit, in: connection)
  }

  /// How stock moved, the latest first: the `limit` movements before the fact of this number, with
  /// their numbers and JSON.
  package func movements(
    of id: String, tenant: String, before number: Int64?, limit: Int,
    in connection: any SQLConnection
  ) throws -> [(id: String, json: String)] {
    _ = try item(id, tenant: tenant, in: connection)
    return try store.latestFacts(
      of: id, before: number, passingOver: StockMovement.otherFacts, limit: limit, in: connection
    ).compactMap { fact in fact.movement.map { ("\(fact.number)", $0) } }
  }
}
