internal import Aggregates
internal import Bytes
package import ChainTypes
package import Database
internal import Digests
internal import EventLog

/// The current rates, what sources say, and what was told, in their tables. They belong to no
/// tenant.
package struct PriceRecords: Sendable {
  package init() {}

  // MARK: Writing

  /// Writes what is known of a pair; true where a new rate was told.
  ///
  /// Where too few sources agree the last rate stays, as old as it is.
  func write(
    _ finding: PriceFinding, rules: RateRules, now: Timestamp, in connection: any SQLConnection
  ) throws -> Bool {
    try writeSources(of: finding, now: now, in: connection)
    let agreeing = finding.consensus.verdicts.values.count { $0 == .agrees }
    let row = try connection.queryFirst(
      """
      SELECT as_of, number, published_rate, published_at FROM price_rates WHERE pair = $1
      """ + connection.dialect.forUpdate, [.text(finding.pair.description)])
    guard let rate = finding.consensus.rate else {
      if row != nil {
        try connection.execute(
          "UPDATE price_rates SET agreeing = $1, needed = $2, updated_at = $3 WHERE pair = $4",
          [
            .integer(Int64(agreeing)), .integer(Int64(finding.needed)),
            .integer(now.microseconds), .text(finding.pair.description),
          ])
      }
      return false
    }
    // A process that has just begun may know less than the last one did; a time that is still to
    // come is of a clock that was set back.
    let stored = try row.map { Timestamp(microseconds: try $0.integer("as_of")) }
    if let stored, stored > rate.asOf, stored <= now { return false }
    let number = try row?.integer("number") ?? 0
    let told = try row.map { row in
      (
        rate: try ExactDecimal(row.text("published_rate")),
        time: Timestamp(microseconds: try row.integer("published_at"))
      )
    }
    let isNews = rules.isNews(rate.value, at: now, after: told)
    try connection.execute(
      """
      INSERT INTO price_rates (pair, rate, sources, as_of, agreeing, needed, number,
        published_rate, published_at, updated_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
      ON CONFLICT (pair) DO UPDATE SET rate = excluded.rate, sources = excluded.sources,
        as_of = excluded.as_of, agreeing = excluded.agreeing, needed = excluded.needed,
        number = excluded.number, published_rate = excluded.published_rate,
        published_at = excluded.published_at, updated_at = excluded.updated_at
      """,
      [
        .text(finding.pair.description), .text(rate.value.text), .integer(Int64(rate.sources)),
        .integer(rate.asOf.microseconds), .integer(Int64(agreeing)),
        .integer(Int64(finding.needed)), .integer(isNews ? number + 1 : number),
        .text(isNews ? rate.value.text : told?.rate.text ?? rate.value.text),
        .integer((isNews ? now : told?.time ?? now).microseconds), .integer(now.microseconds),
      ])
    if isNews {
      try tell(
        finding.pair, rate, number: number + 1, previous: told?.rate, now: now, in: connection)
    }
    return isNews
  }

  private func tell(
    _ pair: CurrencyPair, _ rate: Consensus.AgreedRate, number: Int64, previous: ExactDecimal?,
    now: Timestamp, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      """
      INSERT INTO price_history (pair, number, rate, sources, as_of, recorded_at)
      VALUES ($1, $2, $3, $4, $5, $6)
      """,
      [
        .text(pair.description), .integer(number), .text(rate.value.text),
        .integer(Int64(rate.sources)), .integer(rate.asOf.microseconds),
        .integer(now.microseconds),
      ])
    let cause = SHA256.hash(
      Array("\(pair)\n\(number)\n\(rate.value)\n\(rate.asOf.microseconds)".utf8))
    try EventLog.append(
      [
        EventDraft(
          type: "price.updated", subject: pair.description, cause: cause, time: now,
          data: PriceDocument.event(pair, rate, previous: previous))
      ], in: connection)
  }

  private func writeSources(
    of finding: PriceFinding, now: Timestamp, in connection: any SQLConnection
  ) throws {
    for (source, entry) in finding.entries.sorted(by: { $0.key < $1.key }) {
      let observation = entry.observation
      try connection.execute(
        """
        INSERT INTO price_sources (pair, source, rate, asked_at, source_time, verdict, failure,
          updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (pair, source) DO UPDATE SET rate = excluded.rate,
          asked_at = excluded.asked_at, source_time = excluded.source_time,
          verdict = excluded.verdict, failure = excluded.failure, updated_at = excluded.updated_at
        """,
        [
          .text(finding.pair.description), .text(source), .optional(observation?.rate.text),
          .optional(observation?.askedAt.microseconds),
          .optional(observation?.sourceTime?.microseconds),
          .optional(finding.consensus.verdicts[source]?.rawValue),
          .optional(entry.failure?.description), .integer(now.microseconds),
        ])
    }
  }

  /// Forgets what sources said: those of another configuration would stay for ever.
  func forgetSources(in connection: any SQLConnection) throws {
    try connection.execute("DELETE FROM price_sources")
  }

  /// Removes up to `limit` lines of history from before `time`, and returns how many.
  func forgetHistory(
    before time: Timestamp, limit: Int, in connection: any SQLConnection
  ) throws -> Int {
    try connection.execute(
      """
      DELETE FROM price_history WHERE (pair, number) IN (
        SELECT pair, number FROM price_history WHERE recorded_at < $1
        ORDER BY recorded_at LIMIT $2)
      """, [.integer(time.microseconds), .integer(Int64(limit))])
  }
}

// Reading.
extension PriceRecords {
  /// A pair's last rate, however old.
  package struct StoredRate: Sendable, Equatable {
    package let rate: CurrentRate
    /// How many sources agree by now, and how many must.
    package let agreeing: Int
    package let needed: Int
  }

  /// By pair.
  package func rates(in connection: any SQLConnection) throws -> [StoredRate] {
    try connection.query(
      "SELECT pair, rate, sources, as_of, agreeing, needed FROM price_rates ORDER BY pair"
    ).compactMap { row in
      guard let pair = CurrencyPair(try row.text("pair")) else { return nil }
      return StoredRate(
        rate: try Self.rate(of: pair, in: row), agreeing: Int(try row.integer("agreeing")),
        needed: Int(try row.integer("needed")))
    }
  }

  private static func rate(of pair: CurrencyPair, in row: SQLRow) throws -> CurrentRate {
    CurrentRate(
      pair: pair, value: try ExactDecimal(row.text("rate")),
      sources: Int(try row.integer("sources")),
      asOf: Timestamp(microseconds: try row.integer("as_of")))
  }

  /// What a source said last.
  package struct SourceWord: Sendable, Equatable {
    package let pair: String
    package let source: String
    package let rate: String?
    package let askedAt: Timestamp?
    package let sourceTime: Timestamp?
    /// `agrees`, `outlier` or `stale`; nil where it never answered.
    package let verdict: String?
    /// Why the last question failed.
    package let failure: String?
  }

  /// By pair and source.
  package func sources(in connection: any SQLConnection) throws -> [SourceWord] {
    try connection.query(
      """
      SELECT pair, source, rate, asked_at, source_time, verdict, failure FROM price_sources
      ORDER BY pair, source
      """
    ).map { row in
      func time(_ column: String) throws -> Timestamp? {
        try row.optionalInteger(column).map(Timestamp.init(microseconds:))
      }
      return SourceWord(
        pair: try row.text("pair"), source: try row.text("source"),
        rate: try row.optionalText("rate"), askedAt: try time("asked_at"),
        sourceTime: try time("source_time"), verdict: try row.optionalText("verdict"),
        failure: try row.optionalText("failure"))
    }
  }

  /// A rate that was told.
  package struct HistoryLine: Sendable, Equatable {
    /// Counts the pair's, from 1.
    package let number: Int64
    package let rate: CurrentRate
    package let recordedAt: Timestamp
  }

  /// The latest first: the next `limit` before line `number`.
  package func history(
    of pair: CurrencyPair, before number: Int64?, limit: Int, in connection: any SQLConnection
  ) throws -> [HistoryLine] {
    try connection.query(
      """
      SELECT number, rate, sources, as_of, recorded_at FROM price_history
      WHERE pair = $1 AND number < $2 ORDER BY number DESC LIMIT $3
      """,
      [.text(pair.description), .integer(number ?? .max), .integer(Int64(limit))]
    ).map { row in
      HistoryLine(
        number: try row.integer("number"), rate: try Self.rate(of: pair, in: row),
        recordedAt: Timestamp(microseconds: try row.integer("recorded_at")))
    }
  }
}
