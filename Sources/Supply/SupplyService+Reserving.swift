internal import Aggregates
internal import ChainTypes
internal import Database

// What orders ask for. Each call holds the order's reservation first and its supplies by their ids'
// order then, so that no two wait for each other.
extension SupplyService: StockReserving {
  package func reserve(_ request: ReserveStock) async throws -> ReserveStockReply {
    let now = now()
    do {
      return try await moving(as: request.tenant) { connection in
        let before = try ReservationRecords.hold(
          request.order, tenant: request.tenant, now: now, in: connection)
        if before.status == .held, before.revision == request.revision { return .reserved }
        guard before.takes(request.revision) else { return .overtaken }
        var items = try hold(request, keeping: before, in: connection)
        let lines = try Self.lines(of: request, among: items)
        var reservation = before
        let moves = reservation.reserve(
          lines, revision: request.revision, until: request.until)
        let shortages = Self.shortages(of: moves, lines, among: items)
        guard shortages.isEmpty else { throw Shortages(shortages) }
        try move(moves, order: request.order, items: &items, now: now, in: connection)
        try ReservationRecords.save(
          reservation, insteadOf: before, order: request.order, tenant: request.tenant,
          now: now, in: connection)
        return .reserved
      }
    } catch let error as Shortages {
      return .insufficient(error.list)
    }
  }

  package func consume(_ request: ConsumeStock) async throws -> ConsumeStockReply {
    try await change(request.order, tenant: request.tenant) { $0.consume() }.status == .consumed
      ? .consumed : .notHeld
  }

  package func release(_ request: ReleaseStock) async throws -> ReleaseStockReply {
    try await change(request.order, tenant: request.tenant) {
      $0.release(revision: request.revision)
    }
    return .released
  }

  /// Gives back what wasn't used in time, up to `limit` reservations; answers how many there were.
  package func expire(limit: Int) async throws -> Int {
    let now = now()
    let due = try await database.read {
      try ReservationRecords.due(at: now, limit: limit, in: $0)
    }
    for (tenant, order) in due {
      try await change(order, tenant: tenant) { $0.expire(at: now) }
    }
    return due.count
  }

  // MARK: Moving

  /// What undoes a transaction that could not hold all.
  private struct Shortages: Error {
    let list: [StockShortage]

    init(_ list: [StockShortage]) { self.list = list }
  }

  private func moving<Value: Sendable>(
    as tenant: String, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    let value = try await database.groupedWrite(as: tenant, body)
    onEvents()
    return value
  }

  @discardableResult
  private func change(
    _ order: String, tenant: String,
    _ step: @escaping @Sendable (inout Reservation) -> [Reservation.Move]
  ) async throws -> Reservation {
    let now = now()
    return try await moving(as: tenant) { connection in
      let before = try ReservationRecords.hold(order, tenant: tenant, now: now, in: connection)
      var reservation = before
      let moves = step(&reservation)
      guard reservation != before else { return before }
      var items = try hold(moves.map(\.supply), in: connection)
      try move(moves, order: order, items: &items, now: now, in: connection)
      try ReservationRecords.save(
        reservation, insteadOf: before, order: order, tenant: tenant, now: now, in: connection)
      return reservation
    }
  }

  private func move(
    _ moves: [Reservation.Move], order: String, items: inout [String: SupplyItem],
    now: Timestamp, in connection: any SQLConnection
  ) throws {
    for move in moves {
      guard var item = items[move.supply] else { throw SupplyRefusal.notFound(move.supply) }
      // What was consumed from a supply that has gone since has nowhere to return to.
      if move.kind == .return, item.isDeleted { continue }
      try store.apply(move.fact(of: order), to: &item, now: now, in: connection)
      items[move.supply] = item
    }
  }

  // MARK: Supplies

  /// The supplies that the request names, and those that its reservation holds.
  private func hold(
    _ request: ReserveStock, keeping reservation: Reservation, in connection: any SQLConnection
  ) throws -> [String: SupplyItem] {
    let held = reservation.status == .held ? Array(reservation.lines.keys) : []
    let products = request.lines.map(\.product)
    var arguments: [SQLValue] = [.text(request.tenant)]
    func list(_ texts: [String]) -> String {
      texts.map { text in
        arguments.append(.text(text))
        return "$\(arguments.count)"
      }.joined(separator: ", ")
    }
    var conditions: [String] = []
    if !products.isEmpty {
      let location = list([request.location])
      conditions.append(
        "location = \(location) AND deleted = 0 AND product IN (\(list(products)))")
    }
    if !held.isEmpty { conditions.append("supply_id IN (\(list(held)))") }
    guard !conditions.isEmpty else { return [:] }
    return try rows(
      "tenant = $1 AND (\(conditions.map { "(\($0))" }.joined(separator: " OR ")))", arguments,
      in: connection)
  }

  private func hold(
    _ supplies: [String], in connection: any SQLConnection
  ) throws -> [String: SupplyItem] {
    guard !supplies.isEmpty else { return [:] }
    let list = supplies.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
    return try rows("supply_id IN (\(list))", supplies.map { .text($0) }, in: connection)
  }

  private func rows(
    _ condition: String, _ arguments: [SQLValue], in connection: any SQLConnection
  ) throws -> [String: SupplyItem] {
    let items = try connection.query(
      "SELECT state FROM supplies WHERE \(condition) ORDER BY supply_id"
        + connection.dialect.forUpdate, arguments
    ).map { try CanonicalJSON.value(SupplyItem.self, from: $0.text("state")) }
    return Dictionary(items.map { ($0.id, $0) }) { first, _ in first }
  }

  /// How much of which supply is asked for, in its smallest unit.
  private static func lines(
    of request: ReserveStock, among items: [String: SupplyItem]
  ) throws -> [String: Int64] {
    var lines: [String: Int64] = [:]
    var missing: [StockShortage] = []
    for line in request.lines {
      let item = items.values.first {
        $0.terms.product.utf8.elementsEqual(line.product.utf8)
          && $0.terms.location == request.location && !$0.isDeleted
      }
      let quantity = item.flatMap { try? $0.smallest(line.quantity, of: line.unit) }
      if let item, let quantity, quantity <= SupplyItem.maximumQuantity {
        lines[item.id] = min(
          (lines[item.id] ?? 0) + quantity, SupplyItem.maximumQuantity + 1)
      } else {
        missing.append(
          StockShortage(
            product: line.product, wanted: line.quantity, available: 0, unit: line.unit))
      }
    }
    guard missing.isEmpty else { throw Shortages(missing) }
    return lines
  }

  private static func shortages(
    of moves: [Reservation.Move], _ lines: [String: Int64], among items: [String: SupplyItem]
  ) -> [StockShortage] {
    moves.compactMap { move in
      guard move.kind == .reserve, let item = items[move.supply], item.available < move.quantity
      else { return nil }
      let wanted = lines[move.supply] ?? 0
      // What the order holds already is there for it.
      return StockShortage(
        product: item.terms.product, wanted: wanted,
        available: item.available + wanted - move.quantity)
    }
  }
}
