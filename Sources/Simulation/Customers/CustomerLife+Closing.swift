internal import Aggregates
internal import ChainTypes
internal import Database
internal import EventLog
internal import Notifications
internal import Orders
internal import Supply

// The end of a life: nothing goes wrong any more, and everything must come to an end.
extension CustomerLife {
  func close() async throws {
    note("closing time")
    killSwitch.reset()
    _ = calls.disarm()
    try await restart()
    while let belated = calls.takeBelated() { await belated() }
    isClosing = true
    postbox.settle()
    if let pipeline {
      try await pipeline.adoptUnanswered()
      try await pipeline.heal()
    } else {
      try await ripen()
    }
    try await settle()
    try await learn()
    try await checkStock()
    try await checkPayments()
    try await checkEnd()
    try await checkHandovers()
    try await checkNews()
  }

  private func ripen() async throws {
    // Everything that was sent is in blocks, and deep; every deadline has passed.
    for _ in 0..<4 {
      for _ in 0..<3 {
        time.advance(milliseconds: 120_000)
        chain.mine(now: time.now)
      }
      try await watch()
      try await settle()
    }
    time.advance(milliseconds: 90_000_000)
    chain.mine(now: time.now)
    try await watch()
  }

  /// Lets all that runs by itself run until nothing is left to do.
  private func settle() async throws {
    for _ in 0..<100 {
      try await fill()
      try await watch()
      repeat {
        try await hear(isOrderly: true)
        for hearing in process.hearings { _ = try await hearing.drain() }
        try await learn()
      } while hasUnbrokered
      try await tell()
      // Past the pauses before something is tried again.
      time.advance(milliseconds: 400_000)
      var acts = 0
      while acts < 10_000, try await dueTimers() > 0 {
        acts += 1
        try await carryOn()
      }
      while try await process.stock.expire(limit: 64) > 0 {}
      try await learn()
      let untold = try await untold()
      if acts == 0, untold == 0, !hasUnbrokered { return }
    }
    throw Broken(reasons: ["\(ShopPromise.ends.rawValue): something never comes to rest"])
  }

  /// Sends all that waits for people and is due.
  private func tell() async throws {
    for telling in process.tellings { while try await telling.step() {} }
    while try await process.notifier.step(clock: StandingClock(), onError: { _ in }) > 0 {}
  }

  private func dueTimers() async throws -> Int64 {
    try await count("order_timers WHERE due_at <= \(time.now.microseconds)")
  }

  /// How much hasn't arrived yet.
  private func untold() async throws -> Int64 {
    try await count("deliveries WHERE status = 'pending'")
  }

  private func count(_ source: String) async throws -> Int64 {
    try await database.read {
      try $0.queryFirst("SELECT COUNT(*) AS n FROM \(source)")?.integer("n") ?? 0
    }
  }

  /// What must hold once nothing is under way any more.
  private func checkEnd() async throws {
    let (rows, left) = try await database.read { connection in
      (try PaymentRows(nil, in: connection), try Leftovers(in: connection))
    }
    var findings = ShopFindings()
    let payments = Dictionary(rows.payments.map { ($0.id, $0) }) { first, _ in first }
    EndChecker(
      told: told, payments: payments, stock: stock, isOnChains: ground == .chains,
      came: ground == .script ? view.inBlocks : nil
    ).check(held: left.held, &findings)
    for (what, count) in left.counts {
      findings.require(count == 0, .ends, "\(count) \(what) are left")
    }
    findings.require(
      left.ordersOfCustomers.values.allSatisfy { $0 == 1 }, .truth,
      "somebody asked for one order, and has two")
    for customer in customers {
      guard let order = customer.order else { continue }
      findings.require(
        told.orders[order]?.customer == customer.name, .truth,
        "\(customer.name) was answered with \(order), which is another's")
    }
    let now = time.now
    let orders = try await OrderService(database: database).rebuild(writing: false, now: now)
    let supplies = try await SupplyService.rebuild(database, writing: false)
    for id in orders.differing + supplies.differing {
      findings.require(false, .streams, "\(id)'s row isn't what its facts make of it")
    }
    for order in told.orders.values {
      statistics.statuses[order.status, default: 0] += 1
      if let word = order.attention { statistics.attention[word, default: 0] += 1 }
      if let word = order.cancellation { statistics.cancellations[word, default: 0] += 1 }
    }
    for row in rows.payments { statistics.payments[row.status, default: 0] += 1 }
    try findings.expectNone()
  }
}
