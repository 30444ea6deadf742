internal import Bytes
internal import ChainTypes
internal import Payments
internal import SwiftProtobuf

// How an amount was made of a price, as a message of `paywatch.payments.v1`.

extension PaymentQuote {
  init(_ message: Paywatch_Payments_V1_Quote) throws(CallFieldError) {
    guard message.hasCurrency else {
      throw CallFieldError(field: "choice.quote.currency", message: "it is missing")
    }
    self.init(
      id: try message.hasID
        ? CallField.text("choice.quote.id", message.id, bytes: CallField.idBytes) : nil,
      currency: try Asset(message.currency, "choice.quote.currency"),
      price: try CallField.amount("choice.quote.price_minor", message.priceMinor),
      rate: try CallField.rate("choice.quote.rate", message.rate),
      sources: Int(
        try CallField.integer(
          "choice.quote.sources", message.sources, in: CallField.sourceCounts)),
      asOf: try CallField.moment(
        "choice.quote.as_of_microseconds", microseconds: message.asOfMicroseconds),
      lifetimeSeconds: try CallField.integer(
        "choice.quote.lifetime_seconds", message.lifetimeSeconds, in: 1...Int64(UInt32.max)),
      validUntil: try CallField.moment(
        "choice.quote.valid_until_microseconds", microseconds: message.validUntilMicroseconds))
  }

  var message: Paywatch_Payments_V1_Quote {
    .with {
      if let id { $0.id = id }
      $0.currency = currency.message
      $0.priceMinor = price.decimal
      $0.rate = rate.text
      $0.sources = Int64(sources)
      $0.asOfMicroseconds = asOf.microseconds
      $0.lifetimeSeconds = lifetimeSeconds
      $0.validUntilMicroseconds = validUntil.microseconds
    }
  }
}
