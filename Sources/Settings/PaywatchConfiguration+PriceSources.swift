internal import ChainTypes
internal import JSON

// One source of rates: a known one by its name, or one that is described here.
extension PaywatchConfiguration {
  static func priceSource(
    _ mapping: SettingsMapping, _ all: [CurrencyPair]
  ) -> PriceSourceSettings {
    defer { mapping.finish() }
    let known = knownFeed(mapping)
    let name = identifier(
      mapping, "name", default: known?.name, hint: "what the source is called.")
    let url = priceURL(mapping, known)
    let path = jsonPath(mapping, "path", default: known?.path)
    if path == nil, !mapping.isGiven("path") {
      mapping.note("path", "It is missing: where the rate stands in the answer, such as data.rate.")
    }
    let timePath = jsonPath(mapping, "time_path", default: known?.timePath)
    let timeUnit = mapping.choice("time_unit", default: known?.timeUnit ?? .seconds)
    let pairs = pairs(mapping, of: all)
    let isLowercase = mapping.optionalFlag("lowercase") ?? known?.isLowercase ?? false
    let symbols = symbols(mapping.nested("symbols"), of: pairs, known, isLowercase: isLowercase)
    return PriceSourceSettings(
      name: name, url: url, path: path ?? "", isInverse: mapping.optionalFlag("inverse") ?? false,
      timePath: timePath, timeUnit: timeUnit, symbols: symbols, headers: headers(mapping),
      pairs: pairs,
      intervalSeconds: Int64(
        mapping.integer("interval_seconds", in: 1...3_600, default: known?.intervalSeconds ?? 15)),
      timeoutMilliseconds: mapping.integer("timeout_milliseconds", in: 100...60_000, default: 5_000)
    )
  }

  private static func knownFeed(_ mapping: SettingsMapping) -> KnownPriceFeed? {
    guard let name = mapping.optionalText("feed") else { return nil }
    let known = KnownPriceFeed.all.first { $0.name == name }
    if known == nil {
      let names = KnownPriceFeed.all.map(\.name).joined(separator: ", ")
      mapping.note("feed", "“\(name)” isn't known; there are \(names). Others need a url and path.")
    }
    return known
  }

  /// A URL with a key in it may stand in a file of its own.
  private static func priceURL(_ mapping: SettingsMapping, _ known: KnownPriceFeed?) -> Secret {
    let stored = secret(mapping, "url_file")
    if mapping.isGiven("url_file") {
      if mapping.isGiven("url") { mapping.note("url", "It is either url or url_file: remove one.") }
      _ = mapping.optionalText("url")
    }
    let url = stored?.text ?? mapping.optionalText("url") ?? known?.url ?? ""
    guard !url.isEmpty else {
      if !mapping.isGiven("url"), !mapping.isGiven("url_file"), !mapping.isGiven("feed") {
        mapping.note("url", "It is missing: such as https://rates.example/{base}/{quote}.")
      }
      return Secret("")
    }
    check(filled(url), schemes: ["https", "http"], of: mapping)
    return Secret(url)
  }

  private static func jsonPath(
    _ mapping: SettingsMapping, _ name: String, default fallback: String?
  ) -> String? {
    guard let text = mapping.optionalText(name) else { return fallback }
    guard JSONPath(filled(text)) != nil else {
      mapping.note(
        name, "“\(text)” must be names separated by points, with [n] for elements: data.rates[0].")
      return fallback
    }
    return text
  }

  private static func filled(_ template: String) -> String {
    template.replacing("{base}", with: "x").replacing("{quote}", with: "x")
  }

  private static func pairs(
    _ mapping: SettingsMapping, of all: [CurrencyPair]
  ) -> [CurrencyPair] {
    let texts = mapping.texts("pairs")
    guard !texts.isEmpty else { return all }
    var pairs: [CurrencyPair] = []
    for (place, (text, line)) in texts.enumerated() {
      guard let pair = all.first(where: { $0.description == text }) else {
        mapping.file.note(
          line, "\(mapping.path(of: "pairs"))[\(place)]", "It isn't among prices.pairs.")
        continue
      }
      if !pairs.contains(pair) { pairs.append(pair) }
    }
    return pairs
  }

  private static func symbols(
    _ mapping: SettingsMapping, of pairs: [CurrencyPair], _ known: KnownPriceFeed?,
    isLowercase: Bool
  ) -> [String: String] {
    var named: [String: String] = [:]
    for name in mapping.names {
      let text = mapping.text(name, hint: "what the source calls it.")
      // It becomes a part of the URL and of paths.
      let isPlain = text.utf8.allSatisfy {
        (0x30...0x3a).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
          || $0 == 0x2d || $0 == 0x5f
      }
      if !isPlain || text.utf8.count > 60 {
        mapping.note(name, "It may have letters, digits, -, _ and :, at most 60 of them.")
      }
      named[name] = text
    }
    mapping.finish()
    var symbols: [String: String] = [:]
    for symbol in Set(pairs.flatMap { [$0.base, $0.quote] }) {
      symbols[symbol] =
        named[symbol] ?? known?.symbols[symbol] ?? (isLowercase ? symbol.lowercased() : symbol)
    }
    return symbols
  }

  private static func headers(_ mapping: SettingsMapping) -> [PriceSourceSettings.Header] {
    mapping.list("headers").map { header in
      defer { header.finish() }
      let name = header.text("name", hint: "the header's name.")
      let isToken = name.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
          || $0 == 0x2d || $0 == 0x5f
      }
      if !isToken { header.note("name", "It may have letters, digits, - and _.") }
      let stored = secret(header, "value_file")
      let value = header.optionalText("value")
      if header.isGiven("value") == header.isGiven("value_file") {
        header.note("value", "It is either value or value_file, a file that holds it.")
      }
      let text = stored?.text ?? value ?? ""
      if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
        header.note("value", "It may have no control characters.")
      }
      return PriceSourceSettings.Header(name: name, value: Secret(text))
    }
  }
}
