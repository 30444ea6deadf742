package import ChainTypes
package import Database
package import Supply

/// Carries orders on: asks supply and settlement for what an order needs next, and notes their
/// answers as its facts.
///
/// Nothing of this is kept in memory. What comes next follows from the order, each call may be
/// repeated, and an order with a step before it has a timer in the database: whoever dies between
/// two lines is followed by one who begins with the same step again. Several may carry on one order
/// at once; what the later answer finds changed already changes nothing.
package struct OrderSaga: Sendable {
  let database: any Database
  let stock: any StockReserving
  let payments: any PaymentRequesting
  let now: @Sendable () -> Timestamp
  /// Called after a transaction that appended events.
  let onEvents: @Sendable () -> Void
  let records = OrderRecords()

  /// How many steps are taken at once; an order has fewer.
  private static let stepLimit = 16

  package init(
    database: any Database, stock: any StockReserving, payments: any PaymentRequesting,
    now: @escaping @Sendable () -> Timestamp, onEvents: @escaping @Sendable () -> Void
  ) {
    self.database = database
    self.stock = stock
    self.payments = payments
    self.now = now
    self.onEvents = onEvents
  }

  /// Takes the order's steps until it waits for something.
  package func drive(_ id: String) async throws {
    let records = records
    var current = try await database.read { try records.load(id, locking: false, in: $0) }
    for taken in 0..<Self.stepLimit {
      guard let order = current else { return }
      if order.isOverdue(at: now()) {
        current = try await note(.deadlinePassed, of: id)
        continue
      }
      guard let step = order.nextStep else {
        // What was noted has set the timer already.
        return taken == 0 ? try await rest(id) : ()
      }
      guard let fact = try await answer(to: step, of: order) else {
        return try await postpone(order)
      }
      current = try await note(fact, of: id)
    }
    // Whoever looks next goes on.
  }

  /// Carries on the orders whose timers are due, up to `limit` of them at once; answers how many
  /// there were. What fails is put off, and reported.
  package func step(
    limit: Int, onError: @escaping @Sendable (String, any Error) -> Void
  ) async throws -> Int {
    let (records, now) = (records, now())
    let due = try await database.read { try records.due(at: now, limit: limit, in: $0) }
    await withTaskGroup(of: Void.self) { group in
      for id in due {
        group.addTask {
          do {
            try await drive(id)
          } catch {
            onError(id, error)
            await putOff(id, onError)
          }
        }
      }
    }
    return due.count
  }

  // MARK: Asking

  /// The fact that a service's answer is; nil where it has none for now.
  private func answer(to step: OrderStep, of order: Order) async throws -> OrderFact? {
    switch step {
    case .reserveStock(let revision):
      let reply = try await stock.reserve(
        ReserveStock(
          tenant: order.tenant, order: order.id, location: order.terms.location,
          revision: revision, lines: try OrderItem.stock(of: order.items),
          // What may be paid for is set aside until the payment has come to its end.
          until: order.choice == nil ? order.terms.expiresAt : nil))
      switch reply {
      case .reserved: return .stockReserved(revision: revision)
      case .insufficient(let shortages):
        return .stockRefused(revision: revision, shortages: shortages)
      case .overtaken:
        // Who is paid for doesn't wait for a number that supply never takes: somebody decides.
        return order.isPaid ? .stockRefused(revision: revision, shortages: []) : nil
      }
    case .requestPayment:
      guard let choice = order.choice else { return nil }
      let reply = try await payments.request(
        RequestPayment(tenant: order.tenant, order: order.id, choice: choice))
      switch reply {
      case .requested(let payment): return .paymentRequested(payment)
      case .refused(let reason): return .paymentRefused(reason: reason)
      case .unavailable: return nil
      }
    case .consumeStock:
      let reply = try await stock.consume(ConsumeStock(tenant: order.tenant, order: order.id))
      return reply == .consumed ? .stockConsumed : .stockMissing
    case .releaseStock(let revision):
      _ = try await stock.release(
        ReleaseStock(tenant: order.tenant, order: order.id, revision: revision))
      return .stockReleased
    case .withdrawPayment(let id):
      try await payments.withdraw(
        WithdrawPayment(tenant: order.tenant, order: order.id, payment: id))
      return .paymentWithdrawn
    }
  }

  // MARK: Noting

  /// The order as it is then; nil where it is gone.
  private func note(_ fact: OrderFact, of id: String) async throws -> Order? {
    let (records, now) = (records, now())
    let order = try await database.groupedWrite { connection -> Order? in
      guard var order = try records.load(id, in: connection) else { return nil }
      try records.apply(fact, to: &order, now: now, in: connection)
      return order
    }
    onEvents()
    return order
  }

  /// Sets the timer to what the order is now.
  private func rest(_ id: String) async throws {
    let (records, now) = (records, now())
    try await database.groupedWrite { connection in
      guard let order = try records.load(id, in: connection) else { return }
      try records.setTimer(of: order, now: now, in: connection)
    }
  }

  private func postpone(_ order: Order) async throws {
    let (records, now) = (records, now())
    try await database.groupedWrite { try records.postpone(order, now: now, in: $0) }
  }

  private func putOff(
    _ id: String, _ onError: @Sendable (String, any Error) -> Void
  ) async {
    let records = records
    do {
      let order = try await database.read { try records.load(id, locking: false, in: $0) }
      if let order { try await postpone(order) }
    } catch {
      onError(id, error)
    }
  }
}
