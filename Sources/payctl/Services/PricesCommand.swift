internal import ArgumentParser
internal import ChainTypes
internal import Database
internal import Prices
internal import Watching

struct PricesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prices",
    abstract: "Lists the current rates, and what each source says.",
    discussion: """
      A rate is the median of the sources that agree. A source is stale where it hasn't answered \
      lately, and an outlier where it is too far from the others.
      """)

  @OptionGroup var database: DatabaseOptions

  private struct Rate: Encodable, Sendable {
    let pair: String
    let rate: String
    let asOf: String
    let ageSeconds: Int64
    let sources: Int
    let agreeing: Int
    let needed: Int
  }

  private struct Word: Encodable, Sendable {
    let pair: String
    let source: String
    let rate: String?
    let askedAt: String?
    let sourceTime: String?
    let verdict: String?
    let failure: String?
  }

  func run() async throws {
    let now = SystemTime().now
    let (stored, words) = try await database.run { database in
      try await database.read { connection in
        (try PriceRecords().rates(in: connection), try PriceRecords().sources(in: connection))
      }
    }
    let rates = stored.map { stored in
      Rate(
        pair: stored.rate.pair.description, rate: stored.rate.value.text,
        asOf: stored.rate.asOf.description,
        ageSeconds: max(0, (now.microseconds - stored.rate.asOf.microseconds) / 1_000_000),
        sources: stored.rate.sources, agreeing: stored.agreeing, needed: stored.needed)
    }
    let lines = words.map { word in
      Word(
        pair: word.pair, source: word.source, rate: word.rate, askedAt: word.askedAt?.description,
        sourceTime: word.sourceTime?.description, verdict: word.verdict, failure: word.failure)
    }
    switch database.format {
    case .json:
      try Answers.writeLines(rates)
      try Answers.writeLines(lines)
    case .table: try write(rates, lines)
    }
  }

  private func write(_ rates: [Rate], _ words: [Word]) throws {
    var table = Table("pair", "rate", "as of", "age", "sources", "agreeing")
    for rate in rates {
      table.append(
        rate.pair, rate.rate, rate.asOf, "\(rate.ageSeconds) s", "\(rate.sources)",
        "\(rate.agreeing) of \(rate.needed) needed")
    }
    try table.write()
    guard !words.isEmpty else { return }
    try Answers.writeLines(texts: [""])
    var sources = Table("pair", "source", "rate", "asked", "its time", "verdict", "failure")
    for word in words {
      sources.append(
        word.pair, word.source, word.rate ?? "-", word.askedAt ?? "-", word.sourceTime ?? "-",
        word.verdict ?? "-", word.failure ?? "-")
    }
    try sources.write()
  }
}
