internal import ChainTypes
package import Database

// Making rates of what sources said.
extension PricePoller {
  /// Writes what sources agree on now, and tells it where it is news.
  package func settle(
    check: @escaping @Sendable (any SQLConnection) throws -> Void = { _ in }
  ) async throws {
    let (now, rules, records) = (now(), settings.rules, PriceRecords())
    let findings = findings(at: now)
    let isTold = try await database.write { connection in
      try check(connection)
      var isTold = false
      for finding in findings {
        let told = try records.write(finding, rules: rules, now: now, in: connection)
        isTold = isTold || told
      }
      return isTold
    }
    if isTold { onEvents() }
  }

  /// What is known of each pair.
  private func findings(at now: Timestamp) -> [PriceFinding] {
    let entries = board.entries
    return settings.pairs.sorted().map { pair in
      let needed = settings.rules.needed(of: settings.sources(of: pair))
      if let rate = settings.fixed[pair] {
        let observation = Observation(
          source: Self.fixedSource, rate: rate, askedAt: now,
          freshSeconds: settings.rules.maximumAgeSeconds)
        return PriceFinding(
          pair: pair, needed: needed, entries: [Self.fixedSource: .init(observation: observation)],
          consensus: Consensus(of: [observation], at: now, settings.rules, needed: needed))
      }
      let known = entries[pair] ?? [:]
      return PriceFinding(
        pair: pair, needed: needed, entries: known,
        consensus: Consensus(
          of: known.values.compactMap(\.observation), at: now, settings.rules, needed: needed))
    }
  }

  /// Removes what is kept for a time only: history, and quotes.
  package func forget(
    check: @escaping @Sendable (any SQLConnection) throws -> Void = { _ in }
  ) async throws {
    let (now, limit) = (now(), 1_000)
    let historyStart = now.adding(seconds: -settings.historyDays * 86_400)
    let quoteStart = now.adding(seconds: -QuoteRecords.keptSeconds)
    while !Task.isCancelled,
      try await database.write({ connection in
        try check(connection)
        let history = try PriceRecords().forgetHistory(
          before: historyStart, limit: limit, in: connection)
        let quotes = try QuoteRecords.forget(before: quoteStart, limit: limit, in: connection)
        return max(history, quotes)
      }) == limit
    {}
  }
}

/// What the sources of a pair say together and each for itself.
struct PriceFinding: Sendable {
  let pair: CurrencyPair
  /// How many sources must agree.
  let needed: Int
  let entries: [String: PriceBoard.Entry]
  let consensus: Consensus
}
