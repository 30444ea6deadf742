internal import ChainTypes
package import HTTPServer
internal import HTTPTypes
internal import JSON

extension Problem {
  /// The problem that tells why a price has no amount.
  ///
  /// - Parameters:
  ///   - price: the field with the price's amount
  ///   - currency: the field with its currency
  package init(_ refusal: RateRefusal, price: String, currency: String) {
    switch refusal {
    case .unknownPair(let base, let quote, let known):
      let others =
        known.isEmpty
        ? "There are no rates of \(base)."
        : "\(base) is priced in \(known.joined(separator: ", "))."
      self = .invalidField(currency, "There is no rate of \(base) in \(quote). \(others)")
    case .unavailable(let pair, let last):
      let moment = last.map { "The last one is from \($0), too long ago" } ?? "There was none yet"
      self = Problem(
        .serviceUnavailable, "rate-unavailable", "There is no current rate.",
        "Sources don't agree on \(pair) now. \(moment). Nothing was made.",
        headers: [.retryAfter: "10"])
    case .priceTooLarge: self = .invalidField(price, "It is too large.")
    }
  }

  /// The problem that tells why no payment was made of a quote.
  package init(_ refusal: QuoteRefusal) {
    switch refusal {
    case .notFound(let id): self = .invalidField("quote", "There is no quote \(id.prefix(60)).")
    case .expired(let id, let time):
      self = .conflict(
        "quote-expired", "The quote has expired.", "\(id) could be used until \(time).")
    case .used(let id, let payment):
      self = .conflict("quote-used", "The quote was used.", "\(payment) was made of \(id).")
      extensions = [.init("payment_id", .string(payment))]
    }
  }
}
