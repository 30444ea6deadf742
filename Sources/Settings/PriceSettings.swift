package import ChainTypes

/// Where rates come from, and how they are used.
package struct PriceSettings: Sendable, Equatable {
  package let pairs: [CurrencyPair]
  package let sources: [PriceSourceSettings]
  /// Rates that are said here instead of asked for.
  package let fixed: [CurrencyPair: ExactDecimal]
  /// For how long a rate may be used after enough sources agreed on it.
  package let maximumAgeSeconds: Int64
  /// What is further from the median doesn't count.
  package let outlierBasisPoints: UInt64
  /// How many sources must agree; nil for the majority of a pair's.
  package let minimumSources: Int?
  /// For how long a price holds.
  package let quoteLifetimeSeconds: Int64
  /// How far a rate must have moved to be told, and how long one stands untold.
  package let publishBasisPoints: UInt64
  package let publishSeconds: Int64
  package let historyDays: Int64
}

/// One source of rates over HTTP.
package struct PriceSourceSettings: Sendable, Equatable {
  package let name: String
  /// With `{base}` and `{quote}` in it. May hold a key.
  package let url: Secret
  /// Where the rate stands in the answer (`JSONPath`), with `{base}` and `{quote}`.
  package let path: String
  /// Whether it counts units of the base for one of the quote currency.
  package let isInverse: Bool
  /// Where the answer says from when it is; nil where it doesn't.
  package let timePath: String?
  package let timeUnit: TimeUnit
  /// What the source calls the symbols of its pairs.
  package let symbols: [String: String]
  package let headers: [Header]
  package let pairs: [CurrencyPair]
  package let intervalSeconds: Int64
  package let timeoutMilliseconds: Int

  package struct Header: Sendable, Equatable {
    package let name: String
    package let value: Secret
  }

  package enum TimeUnit: String, Sendable, CaseIterable {
    /// Since 1970.
    case seconds, milliseconds, microseconds
    case rfc3339
  }
}
