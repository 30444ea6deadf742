internal import Bytes
package import ChainTypes
internal import JSON

/// A source of rates over HTTP, described: where to ask, and what of the answer is the rate.
package struct PriceFeed: Sendable, Equatable {
  package let name: String
  /// With `{base}` and `{quote}` where the pair's symbols go.
  package let url: String
  /// Where the rate stands in the answer; `{base}` and `{quote}` as above.
  package let path: String
  /// Whether the source counts units of the base for one of the quote currency.
  package let isInverse: Bool
  /// Where the answer says from when it is, and how.
  package let time: TimeField?
  /// What the source calls an asset or a currency.
  package let symbols: [String: String]
  package let headers: [Header]
  package let pairs: [CurrencyPair]
  package let intervalSeconds: Int64
  package let timeoutMilliseconds: Int

  package struct TimeField: Sendable, Equatable {
    package let path: String
    package let unit: TimeUnit

    package init(path: String, unit: TimeUnit) {
      self.path = path
      self.unit = unit
    }
  }

  package enum TimeUnit: String, Sendable, CaseIterable {
    /// Since 1970.
    case seconds, milliseconds, microseconds
    case rfc3339
  }

  /// May hold a key: never shown.
  package struct Header: Sendable, Equatable {
    package let name: String
    package let value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package init(
    name: String, url: String, path: String, isInverse: Bool = false, time: TimeField? = nil,
    symbols: [String: String] = [:], headers: [Header] = [], pairs: [CurrencyPair],
    intervalSeconds: Int64 = 15, timeoutMilliseconds: Int = 5_000
  ) {
    self.name = name
    self.url = url
    self.path = path
    self.isInverse = isInverse
    self.time = time
    self.symbols = symbols
    self.headers = headers
    self.pairs = pairs
    self.intervalSeconds = intervalSeconds
    self.timeoutMilliseconds = timeoutMilliseconds
  }

  /// How long an answer counts: until three more could have come.
  package var freshSeconds: Int64 { 3 * intervalSeconds + Int64(timeoutMilliseconds + 999) / 1_000 }

  /// The template with the pair's symbols in it.
  func filled(_ template: String, for pair: CurrencyPair) -> String {
    template.replacing("{base}", with: symbols[pair.base] ?? pair.base)
      .replacing("{quote}", with: symbols[pair.quote] ?? pair.quote)
  }

  // MARK: Reading answers

  /// What an answer's body says of the pair.
  ///
  /// - Parameter askedAt: when the question was sent
  package func observation(
    of pair: CurrencyPair, in body: [UInt8], askedAt: Timestamp
  ) throws(FeedFailure) -> Observation {
    let json: JSONValue
    do {
      json = try JSONValue(parsing: body)
    } catch {
      throw .notJSON
    }
    let stated = try number(at: filled(path, for: pair), in: json)
    guard stated != .zero, let rate = isInverse ? stated.inverse : stated, rate != .zero else {
      throw .notARate(stated.text)
    }
    var sourceTime: Timestamp?
    if let field = time {
      sourceTime = try Self.moment(value(at: filled(field.path, for: pair), in: json), field.unit)
    }
    if let sourceTime, sourceTime > askedAt.adding(seconds: Observation.toleratedSeconds) {
      throw .ahead(sourceTime)
    }
    return Observation(
      source: name, rate: rate, askedAt: askedAt, sourceTime: sourceTime,
      freshSeconds: freshSeconds)
  }

  private func value(at path: String, in json: JSONValue) throws(FeedFailure) -> JSONValue {
    guard let value = JSONPath(path)?.value(in: json) else { throw .nothingAt(path) }
    return value
  }

  private func number(at path: String, in json: JSONValue) throws(FeedFailure) -> ExactDecimal {
    let value = try value(at: path, in: json)
    guard let number = Self.number(value) else {
      throw .notARate(String(value.json.prefix(80)))
    }
    return number
  }

  /// A number, or a string that is one.
  private static func number(_ value: JSONValue) -> ExactDecimal? {
    switch value {
    case .number(let text), .string(let text): try? ExactDecimal(text)
    default: nil
    }
  }

  private static func moment(
    _ value: JSONValue, _ unit: TimeUnit
  ) throws(FeedFailure) -> Timestamp {
    let failure = FeedFailure.notATime(String(value.json.prefix(80)))
    let places: Int
    switch unit {
    case .rfc3339:
      guard let time = value.string.flatMap({ Timestamp(rfc3339: $0) }) else { throw failure }
      return time
    case .seconds: places = 6
    case .milliseconds: places = 3
    case .microseconds: places = 0
    }
    guard let number = number(value),
      let scaled = try? number.digits.multiplied(by: .powerOfTen(places))
        .divided(by: .powerOfTen(number.scale)).quotient.asUInt64,
      // The year 9999 and what can be added to it.
      scaled < 253_402_300_800_000_000
    else { throw failure }
    return Timestamp(microseconds: Int64(scaled))
  }
}

/// Why a source gave no rate. No text in it holds a credential or a query.
package enum FeedFailure: Error, Sendable, Equatable {
  case unreachable(String)
  case status(Int)
  case notJSON
  case nothingAt(String)
  case notARate(String)
  case notATime(String)
  /// It says that its rate is of a time to come.
  case ahead(Timestamp)
}

extension FeedFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unreachable(let reason): reason
    case .status(let status): "it answered with status \(status)"
    case .notJSON: "it answered with something that isn't JSON"
    case .nothingAt(let path): "the answer has nothing at \(path)"
    case .notARate(let text): "\(text) is no rate"
    case .notATime(let text): "\(text) is no time"
    case .ahead(let time): "its time \(time) is still to come"
    }
  }
}
