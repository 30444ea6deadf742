internal import ChainTypes
internal import Prices
internal import SwiftProtobuf

// What is asked of prices, and the answers, as messages of `paywatch.prices.v1`.

extension CurrencyPair {
  init(_ message: Paywatch_Prices_V1_GetRateRequest) throws(CallFieldError) {
    guard let pair = CurrencyPair(base: message.base, quote: message.quote) else {
      throw CallFieldError(
        field: "base",
        message: "with quote a pair: each 1 to \(Self.maximumSymbolBytes) letters, digits or "
          + "points, and not the same")
    }
    self = pair
  }

  var message: Paywatch_Prices_V1_GetRateRequest {
    .with {
      $0.base = base
      $0.quote = quote
    }
  }
}

/// What is said of a pair: its rate, or why there is none.
enum RateReply: Equatable, Sendable {
  case current(CurrentRate)
  case unknown
  /// When there last was one.
  case stale(Timestamp?)

  init(
    _ message: Paywatch_Prices_V1_GetRateReply, of pair: CurrencyPair
  ) throws(CallFieldError) {
    switch message.outcome {
    case .current(let current):
      let value = try CallField.rate("current.rate", current.rate)
      guard value != .zero else {
        throw CallFieldError(field: "current.rate", message: "above zero")
      }
      self = .current(
        CurrentRate(
          pair: pair, value: value,
          sources: Int(
            try CallField.integer(
              "current.sources", current.sources, in: CallField.sourceCounts)),
          asOf: try CallField.moment(
            "current.as_of_microseconds", microseconds: current.asOfMicroseconds)))
    case .unknown: self = .unknown
    case .stale(let stale):
      self = .stale(
        try stale.hasLastMicroseconds
          ? CallField.moment("stale.last_microseconds", microseconds: stale.lastMicroseconds)
          : nil)
    case nil: throw CallFieldError(field: "outcome", message: "it is missing")
    }
  }

  var message: Paywatch_Prices_V1_GetRateReply {
    .with {
      switch self {
      case .current(let rate):
        $0.current = .with {
          $0.rate = rate.value.text
          $0.sources = Int64(rate.sources)
          $0.asOfMicroseconds = rate.asOf.microseconds
        }
      case .unknown: $0.unknown = .init()
      case .stale(let last):
        $0.stale = .with { if let last { $0.lastMicroseconds = last.microseconds } }
      }
    }
  }
}
