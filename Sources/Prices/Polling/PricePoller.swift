package import ChainTypes
package import Database

/// Asks sources for rates, each in a rhythm of its own, and writes what they agree on. For the one
/// process that holds the lease.
package struct PricePoller: Sendable {
  package typealias Ask =
    @Sendable (PriceFeed, CurrencyPair) async throws(FeedFailure) -> Observation

  let settings: Settings
  let database: any Database
  let ask: Ask
  let now: @Sendable () -> Timestamp
  /// Called after a transaction that appended events.
  let onEvents: @Sendable () -> Void
  let board = PriceBoard()

  package struct Settings: Sendable, Equatable {
    package var pairs: [CurrencyPair]
    package var feeds: [PriceFeed]
    /// Rates that are said instead of asked for.
    package var fixed: [CurrencyPair: ExactDecimal]
    package var rules: RateRules
    package var historyDays: Int64

    package init(
      pairs: [CurrencyPair], feeds: [PriceFeed] = [], fixed: [CurrencyPair: ExactDecimal] = [:],
      rules: RateRules = RateRules(), historyDays: Int64 = 90
    ) {
      self.pairs = pairs
      self.feeds = feeds
      self.fixed = fixed
      self.rules = rules
      self.historyDays = historyDays
    }

    /// How many sources a pair has.
    func sources(of pair: CurrencyPair) -> Int {
      fixed[pair] == nil ? feeds.count { $0.pairs.contains(pair) } : 1
    }
  }

  /// The source of rates that are said in the configuration.
  static let fixedSource = "fixed"
  /// How many questions a source is sent at once.
  private static let questionLimit = 8
  /// A source that fails is asked less often, at most this many times as rarely.
  private static let slowest: Int64 = 8

  package init(
    _ settings: Settings, database: any Database, ask: @escaping Ask,
    now: @escaping @Sendable () -> Timestamp, onEvents: @escaping @Sendable () -> Void
  ) {
    self.settings = settings
    self.database = database
    self.ask = ask
    self.now = now
    self.onEvents = onEvents
  }

  package var feeds: [PriceFeed] { settings.feeds }

  // MARK: Asking

  /// Asks a source once for each of its pairs; false where it failed for all of them.
  @discardableResult
  package func poll(_ feed: PriceFeed) async -> Bool {
    let pairs = feed.pairs.filter { settings.fixed[$0] == nil }
    return await withTaskGroup(of: Bool.self) { group in
      var succeeded = pairs.isEmpty
      for (number, pair) in pairs.enumerated() {
        if number >= Self.questionLimit, await group.next() == true { succeeded = true }
        group.addTask {
          do throws(FeedFailure) {
            board.note(try await ask(feed, pair), of: pair)
            return true
          } catch {
            board.note(error, from: feed.name, of: pair)
            return false
          }
        }
      }
      for await answered in group where answered { succeeded = true }
      return succeeded
    }
  }

  // MARK: Running

  /// Polls and settles until cancelled, or until `check` throws.
  ///
  /// - Parameters:
  ///   - check: comes first in every transaction: throws where somebody else does this now
  ///   - onError: gets what passes by itself
  package func run(
    check: @escaping @Sendable (any SQLConnection) throws -> Void,
    isFatal: @escaping @Sendable (any Error) -> Bool,
    onError: @escaping @Sendable (any Error) -> Void
  ) async throws {
    let records = PriceRecords()
    try await database.write { connection in
      try check(connection)
      try records.forgetSources(in: connection)
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for feed in settings.feeds {
        group.addTask { await keepPolling(feed) }
      }
      group.addTask {
        try await keepSettling(check: check, isFatal: isFatal, onError: onError)
      }
      defer { group.cancelAll() }
      try await group.waitForAll()
    }
  }

  private func keepPolling(_ feed: PriceFeed) async {
    var factor: Int64 = 1
    while !Task.isCancelled {
      factor = await poll(feed) ? 1 : min(factor * 2, Self.slowest)
      try? await Task.sleep(for: .seconds(feed.intervalSeconds * factor))
    }
  }

  private func keepSettling(
    check: @escaping @Sendable (any SQLConnection) throws -> Void,
    isFatal: @Sendable (any Error) -> Bool, onError: @Sendable (any Error) -> Void
  ) async throws {
    // What is fresh goes stale without a note: so it is looked at now and then in any case.
    let (idleRounds, rounds) = (10, 3_600)
    var (seen, round) = (-1, 0)
    while !Task.isCancelled {
      let revision = board.revision
      do {
        if revision != seen || round % idleRounds == 0 {
          try await settle(check: check)
          seen = revision
        }
        if round % rounds == 0 { try await forget(check: check) }
      } catch {
        if isFatal(error) { throw error }
        onError(error)
      }
      round += 1
      try? await Task.sleep(for: .seconds(1))
    }
  }
}
