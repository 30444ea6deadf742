internal import Database
internal import EventLog

// What the checkers look at, and when.
extension CustomerLife {
  /// Takes in all that was told since, and checks it.
  ///
  /// In PostgreSQL what was told stands in the log only once it is sequenced.
  func learn() async throws {
    if database.dialect == .postgreSQL { _ = try await Sequencer(database: database).drain() }
    var findings = ShopFindings()
    while true {
      let after = told.position
      let events = try await database.read {
        try ToldEvent.read(after: after, limit: 1_000, in: $0)
      }
      try told.learn(events, &findings)
      for event in events { count(event) }
      if events.count < 1_000 { break }
    }
    try findings.expectNone()
    let touched = told.takeTouchedPayments()
    if !touched.isEmpty { try await checkPayments(Set(touched).sorted()) }
  }

  private func count(_ event: ToldEvent) {
    statistics.events += 1
    statistics.eventTypes[event.type, default: 0] += 1
    if event.data.contains(#""to":"held""#) { statistics.held += 1 }
    for byte in event.id {
      statistics.digest = (statistics.digest ^ UInt64(byte)) &* 0x100_0000_01b3
    }
  }

  /// Rows of stock against what was put in, and what reservations hold and have used.
  func checkStock() async throws {
    try await learn()
    let rows = try await database.read { try StockRows(in: $0) }
    var findings = ShopFindings()
    for id in stock.ids {
      let (row, put) = (rows.supplies[id], stock.put[id] ?? 0)
      let (held, used) = (rows.held[id] ?? 0, rows.used[id] ?? 0)
      findings.require(
        row?.reserved == held, .stock,
        "\(id) says that \(row?.reserved ?? -1) are reserved, reservations hold \(held)")
      findings.require(
        row?.onHand == put - used, .stock,
        "\(id) says that \(row?.onHand ?? -1) are on hand; \(put) were put in, \(used) used")
      findings.require(
        row?.onHand == told.supplies[id]?.onHand && row?.reserved == told.supplies[id]?.reserved,
        .truth, "\(id) isn't as it was told last")
    }
    findings.require(
      Set(rows.supplies.keys) == Set(stock.ids), .stock, "supplies that nobody has founded")
    try findings.expectNone()
  }

  func checkPayments(_ ids: [String]? = nil) async throws {
    if let pipeline {
      guard ids == nil else { return }
      try await pipeline.adoptUnanswered()
      return try await pipeline.check()
    }
    guard view.isCertain else { return }
    let rows = try await database.read { try PaymentRows(ids, in: $0) }
    var findings = ShopFindings()
    let checker = MoneyChecker(view: view, rows: rows, told: told)
    try checker.check(&findings)
    if ids == nil { try checker.checkLedger(&findings) }
    try findings.expectNone()
  }
}
