package import EventLog
package import JSON

/// JSON Schemas of rates and quotes: for the API's description and for events.
package enum PriceSchemas {
  private static let text = JSONSchema.text
  private static let count = JSONSchema.count
  private static let time = JSONSchema.time

  private static func described(_ schema: JSONValue, _ text: String) -> JSONValue {
    JSONSchema.described(schema, text)
  }

  private static let rateText = described(
    JSONSchema.units, "Units of the currency for a unit of the base, exactly.")
  private static let sources = described(count, "How many sources agreed on it.")
  private static let asOf = described(time, "When as many sources as are needed agreed.")

  private static let pairMembers: [JSONValue.Member] = [
    .init("pair", described(text, "BASE-CURRENCY, such as BTC-USD.")),
    .init("base", described(text, "The asset that is priced.")),
    .init("currency", described(text, "What it is priced in.")),
    .init("rate", rateText), .init("sources", sources), .init("as_of", asOf),
  ]

  // MARK: Events

  /// `price.*`.
  package static let events = EventFamily(
    name: "price", topic: "price-events", subject: "The pair, such as BTC-USD.",
    kinds: [
      EventFamily.Kind(
        type: "price.updated",
        summary: "A pair's rate has changed, or still stands after a while.",
        data: JSONSchema.object(
          "The rate.",
          pairMembers + [
            .init(
              "previous", described(JSONSchema.units, "The rate that was told before this one."))
          ], optional: ["previous"]),
        tenant: .never)
    ], definitions: [])

  // MARK: Answers

  static let rate = JSONSchema.object(
    "A pair's last rate.",
    pairMembers + [
      .init("agreeing", described(count, "How many sources agree by now.")),
      .init("usable_until", described(time, "Until when payments are quoted at it.")),
      .init("stale", described(JSONSchema.flag, "Whether that is over.")),
    ])

  static let historyLine = JSONSchema.object(
    "A rate that was told.",
    [
      .init("number", described(count, "Counts the pair's, from 1.")), .init("rate", rateText),
      .init("sources", sources), .init("as_of", asOf), .init("recorded_at", time),
    ])

  static let quote = JSONSchema.object(
    "What a price comes to, for one payment.",
    [
      .init("id", described(text, "quo_…")), .init("chain", text), .init("asset", text),
      .init("contract", described(JSONSchema.contract, "The token's, where the asset is one.")),
      .init("amount", described(JSONSchema.units, "What would be due, in units of the asset.")),
      .init("amount_minor", JSONSchema.minor), .init("currency", text),
      .init("price", described(JSONSchema.units, "In units of the currency.")),
      .init("price_minor", JSONSchema.minor), .init("rate", rateText), .init("sources", sources),
      .init("as_of", asOf), .init("created_at", time),
      .init("valid_until", described(time, "Until when a payment can be made of it.")),
      .init("payment_id", described(text, "The payment that was made of it.")),
    ], optional: ["contract", "payment_id"])

  // MARK: Requests

  private static let currency: JSONValue = [
    "type": "string", "examples": ["USD", "EUR"],
    "description": "An ISO 4217 code, or a listed asset.",
  ]

  static let newQuote: JSONValue = [
    "type": "object", "additionalProperties": false,
    "required": ["amount", "currency", "chain", "asset"],
    "properties": [
      "amount": JSONSchema.described(JSONSchema.units, "In units of the currency."),
      "currency": currency, "chain": ["type": "string", "examples": ["bitcoin", "ethereum"]],
      "asset": ["type": "string", "examples": ["BTC", "ETH", "USDC"]],
    ],
  ]

  /// `price` in a request for a payment.
  package static let price: JSONValue = [
    "type": "object", "additionalProperties": false, "required": ["amount", "currency"],
    "properties": [
      "amount": JSONSchema.described(JSONSchema.units, "In units of the currency."),
      "currency": currency,
    ],
  ]
}
