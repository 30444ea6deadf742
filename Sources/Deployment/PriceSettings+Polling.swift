package import ChainTypes
package import Database
package import Prices
package import ServiceCalls
package import Settings

extension PriceSettings {
  /// Who is asked for rates, and what is made of the answers.
  package var polling: PricePoller.Settings {
    PricePoller.Settings(
      pairs: pairs, feeds: sources.map(PriceFeed.init), fixed: fixed,
      rules: RateRules(
        maximumAgeSeconds: maximumAgeSeconds, outlierBasisPoints: outlierBasisPoints,
        minimumSources: minimumSources, publishBasisPoints: publishBasisPoints,
        publishSeconds: publishSeconds),
      historyDays: historyDays)
  }

  /// The rates of a database that some process keeps up.
  package func rates(
    in database: any Database, now: @escaping @Sendable () -> Timestamp
  ) -> StoredRates {
    StoredRates(
      database: database, pairs: pairs, maximumAgeSeconds: maximumAgeSeconds,
      quoteLifetimeSeconds: quoteLifetimeSeconds, now: now)
  }

  /// The rates that another process has.
  package func rates(
    over connection: ServiceConnection, now: @escaping @Sendable () -> Timestamp
  ) -> RemoteRates {
    RemoteRates(
      connection, pairs: pairs, maximumAgeSeconds: maximumAgeSeconds,
      quoteLifetimeSeconds: quoteLifetimeSeconds, now: now)
  }
}

extension PriceFeed {
  package init(_ source: PriceSourceSettings) {
    self.init(
      name: source.name, url: source.url.text, path: source.path, isInverse: source.isInverse,
      time: source.timePath.map { TimeField(path: $0, unit: TimeUnit(source.timeUnit)) },
      symbols: source.symbols,
      headers: source.headers.map { Header(name: $0.name, value: $0.value.text) },
      pairs: source.pairs, intervalSeconds: source.intervalSeconds,
      timeoutMilliseconds: source.timeoutMilliseconds)
  }
}

extension PriceFeed.TimeUnit {
  fileprivate init(_ unit: PriceSourceSettings.TimeUnit) {
    self =
      switch unit {
      case .seconds: .seconds
      case .milliseconds: .milliseconds
      case .microseconds: .microseconds
      case .rfc3339: .rfc3339
      }
  }
}
