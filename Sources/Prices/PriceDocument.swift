internal import Aggregates
internal import ChainTypes

/// Rates and quotes as the world sees them.
enum PriceDocument {
  /// The data of `price.updated`.
  static func event(
    _ pair: CurrencyPair, _ rate: Consensus.AgreedRate, previous: ExactDecimal?
  ) -> String {
    var object = CanonicalObject(reserving: 256)
    object.add("as_of", rate.asOf)
    object.add("base", pair.base)
    object.add("currency", pair.quote)
    object.add("pair", pair.description)
    if let previous { object.add("previous", previous.text) }
    object.add("rate", rate.value.text)
    object.add("sources", rate.sources)
    return object.text
  }

  /// - Parameter maximumAgeSeconds: for how long a rate may be used
  static func rate(
    _ stored: PriceRecords.StoredRate, now: Timestamp, maximumAgeSeconds: Int64
  ) -> String {
    let rate = stored.rate
    let end = rate.asOf.adding(seconds: maximumAgeSeconds)
    var object = CanonicalObject(reserving: 256)
    object.add("agreeing", stored.agreeing)
    object.add("as_of", rate.asOf)
    object.add("base", rate.pair.base)
    object.add("currency", rate.pair.quote)
    object.add("pair", rate.pair.description)
    object.add("rate", rate.value.text)
    object.add("sources", rate.sources)
    object.add("stale", !rate.isUsable(at: now, maximumAgeSeconds: maximumAgeSeconds))
    object.add("usable_until", end)
    return object.text
  }

  static func line(_ line: PriceRecords.HistoryLine) -> String {
    var object = CanonicalObject(reserving: 192)
    object.add("as_of", line.rate.asOf)
    object.add("number", line.number)
    object.add("rate", line.rate.value.text)
    object.add("recorded_at", line.recordedAt)
    object.add("sources", line.rate.sources)
    return object.text
  }
}
