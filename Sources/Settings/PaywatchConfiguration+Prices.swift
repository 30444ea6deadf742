internal import Bytes
internal import ChainTypes

// Prices: rates, where they come from and how long they hold.
extension PaywatchConfiguration {
  private static let pairLimit = 64
  private static let sourceLimit = 32

  /// Nil where nothing is said of prices.
  ///
  /// - Parameter areAskedFor: whether another process has the rates, and this one needs no sources
  static func prices(
    _ root: SettingsMapping, chains: [ChainSpec], tenants: [TenantSettings], areAskedFor: Bool
  ) -> PriceSettings? {
    let mapping = root.nested("prices")
    guard mapping.isThere else { return nil }
    defer { mapping.finish() }
    let pairs = pairs(mapping, of: chains)
    let fixed = fixedRates(mapping.nested("fixed"), pairs)
    let sources = sources(mapping, pairs)
    let maximumAge = mapping.integer("max_age_seconds", in: 5...86_400, default: 300)
    let minimum = mapping.optionalInteger("minimum_sources", in: 1...sourceLimit)
    for pair in pairs where fixed[pair] == nil {
      let count = sources.count { $0.pairs.contains(pair) }
      if count == 0, areAskedFor { continue }
      if count == 0 {
        mapping.note("pairs", "Nobody is asked for \(pair): no source has it, and fixed hasn't.")
      } else if let minimum, minimum > count {
        mapping.note("minimum_sources", "\(pair) has \(count) sources: it can be no more.")
      }
    }
    let lifetime = mapping.integer("quote_lifetime_seconds", in: 10...86_400, default: 300)
    for tenant in tenants where tenant.policies.expiry.minimumSeconds > Int64(lifetime) {
      mapping.note(
        "quote_lifetime_seconds",
        "Payments of tenant \(tenant.id) are open for \(tenant.policies.expiry.minimumSeconds) "
          + "seconds at least: prices must hold as long.")
    }
    return PriceSettings(
      pairs: pairs, sources: sources, fixed: fixed, maximumAgeSeconds: Int64(maximumAge),
      outlierBasisPoints: basisPoints(mapping, "outlier_percent", default: 200),
      minimumSources: minimum, quoteLifetimeSeconds: Int64(lifetime),
      publishBasisPoints: basisPoints(mapping, "publish_percent", default: 50),
      publishSeconds: Int64(mapping.integer("publish_seconds", in: 1...86_400, default: 300)),
      historyDays: Int64(mapping.integer("history_days", in: 1...36_500, default: 90)))
  }

  private static func pairs(
    _ mapping: SettingsMapping, of chains: [ChainSpec]
  ) -> [CurrencyPair] {
    let assets = Set(chains.flatMap { $0.assets.map(\.asset.symbol) })
    var pairs: [CurrencyPair] = []
    let texts = mapping.texts("pairs")
    if texts.isEmpty { mapping.note("pairs", "It is missing: a list such as [BTC-USD, ETH-USD].") }
    if texts.count > pairLimit { mapping.note("pairs", "There may be \(pairLimit) at most.") }
    for (place, (text, line)) in texts.prefix(pairLimit).enumerated() {
      func note(_ message: String) {
        mapping.file.note(line, "\(mapping.path(of: "pairs"))[\(place)]", message)
      }
      guard let pair = CurrencyPair(text) else {
        note("“\(text)” must be an asset and a currency, such as BTC-USD.")
        continue
      }
      if !assets.contains(pair.base) { note("No configured chain has the asset \(pair.base).") }
      if FiatCurrency.asset(pair.quote) == nil, !assets.contains(pair.quote) {
        note("\(pair.quote) is neither an ISO 4217 code nor an asset of a configured chain.")
      }
      if pairs.contains(pair) { note("It stands here twice.") } else { pairs.append(pair) }
    }
    return pairs
  }

  private static func fixedRates(
    _ mapping: SettingsMapping, _ pairs: [CurrencyPair]
  ) -> [CurrencyPair: ExactDecimal] {
    defer { mapping.finish() }
    var rates: [CurrencyPair: ExactDecimal] = [:]
    for name in mapping.names {
      let text = mapping.text(name, hint: "a rate.")
      guard let pair = pairs.first(where: { $0.description == name }) else {
        mapping.note(name, "It isn't among pairs.")
        continue
      }
      guard let rate = try? ExactDecimal(text), rate != .zero else {
        if !text.isEmpty { mapping.note(name, "“\(text)” must be a decimal number above 0.") }
        continue
      }
      rates[pair] = rate
    }
    return rates
  }

  private static func basisPoints(
    _ mapping: SettingsMapping, _ name: String, default fallback: UInt64
  ) -> UInt64 {
    guard let text = mapping.optionalText(name) else { return fallback }
    let percent = Asset(symbol: "%", decimals: 2)
    guard let points = try? Amount(units: text, asset: percent).minorUnits.asUInt64,
      (1...5_000).contains(points)
    else {
      mapping.note(name, "“\(text)” must be a percentage from 0.01 to 50, such as \"0.5\".")
      return fallback
    }
    return points
  }

  private static func sources(
    _ mapping: SettingsMapping, _ pairs: [CurrencyPair]
  ) -> [PriceSourceSettings] {
    let mappings = mapping.list("sources")
    if mappings.count > sourceLimit {
      mapping.note("sources", "There may be \(sourceLimit) at most.")
    }
    var sources: [PriceSourceSettings] = []
    for mapping in mappings.prefix(sourceLimit) {
      let source = priceSource(mapping, pairs)
      if sources.contains(where: { $0.name == source.name }) {
        mapping.note("name", "Another source is called so.")
      }
      sources.append(source)
    }
    return sources
  }
}
