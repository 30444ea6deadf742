package import EventLog
package import JSON
internal import Settlement
internal import Supply

/// JSON Schemas of orders: for the API's description and for events.
package enum OrderSchemas {
  static let status = JSONSchema.choices(OrderStatus.allCases.map(\.rawValue))
  static let attention = JSONSchema.choices(OrderAttention.allCases.map(\.rawValue))

  package static let order = schema(item: ["$ref": "#/components/schemas/OrderItem"])

  /// `order.*`.
  package static let events = EventFamily(
    name: "order", topic: "order-events", subject: "The order's id, ord_….",
    kinds: [
      kind("created", "An order was placed."),
      kind(
        "updated",
        "Something about it changed; where its status did, too, it is held, or no longer."),
      kind("confirmed", "It is paid: prepare it."),
      kind("preparing", "Somebody has begun with it."),
      kind("ready", "It can be picked up."),
      kind("claimed", "It was handed over to who showed its code; it is completed by that."),
      kind("completed", "It was handed over."),
      kind("canceled", "Nothing will come of it; its cancellation says why."),
      kind(
        "deleted",
        "What it said of people is forgotten, here as it should be wherever it was told."),
    ],
    definitions: [
      .init("order", schema(item: ["$ref": "#/$defs/item"], isEvent: true)), .init("item", item),
    ])

  private static func kind(_ word: String, _ summary: String) -> EventFamily.Kind {
    EventFamily.Kind(
      type: "order.\(word)", summary: summary, data: ["$ref": "#/$defs/order"], tenant: .always)
  }

  private static func described(_ schema: JSONValue, _ text: String) -> JSONValue {
    JSONSchema.described(schema, text)
  }

  /// - Parameter isEvent: with the step that an event tells
  private static func schema(item: JSONValue, isEvent: Bool = false) -> JSONValue {
    let step: [JSONValue.Member] = [
      .init("from", described(status, "The status before; left out of the first event.")),
      .init("to", described(status, "The status that the event tells.")),
    ]
    let (text, time) = (JSONSchema.text, JSONSchema.time)
    return JSONSchema.object(
      "Prices and total are in units of the currency.",
      [
        .init("id", described(text, "ord_…")), .init("status", status),
        .init("customer", text), .init("location", text),
        .init("currency", described(text, "A fiat currency's ISO 4217 code, or an asset.")),
        .init("items", ["type": "array", "items": item]), .init("total", JSONSchema.units),
        .init("total_minor", JSONSchema.minor), .init("payment", payment(of: text, time)),
        .init(
          "stock",
          described(
            JSONSchema.choices(OrderStock.allCases.map(\.rawValue)),
            "What has become of the stock that it takes.")),
        .init(
          "shortages",
          [
            "type": "array", "items": shortage,
            "description": "What the location lacked for what was asked for last.",
          ]),
        .init("attention", described(attention, "What somebody must see to.")),
        .init("cancellation", cancellationOutcome),
        .init("claim", claim),
        .init(
          "forgotten",
          described(JSONSchema.flag, "True where what it said of people is forgotten.")),
        .init(
          "expires_at", described(time, "It is canceled where no payment was asked for by then.")),
        .init("created_at", time), .init("updated_at", time),
        .init("version", described(JSONSchema.count, "Counts the changes.")),
        .init(
          "metadata",
          ["type": "object", "additionalProperties": true, "description": "The shop's own."]),
      ] + (isEvent ? step : []),
      optional: [
        "customer", "payment", "shortages", "attention", "cancellation", "forgotten", "metadata",
        "claim",
        "from",
      ])
  }

  private static let stockLine = JSONSchema.object(
    "So much of a product.",
    [
      .init("product", JSONSchema.text), .init("quantity", JSONSchema.count),
      .init("unit", described(JSONSchema.text, "The smallest where it is left out.")),
    ], optional: ["unit"])

  private static let stockLines: JSONValue = ["type": "array", "items": stockLine]

  private static let shortage = JSONSchema.object(
    "What is missing of a product.",
    [
      .init("product", JSONSchema.text), .init("wanted", JSONSchema.count),
      .init("available", JSONSchema.count),
      .init("unit", described(JSONSchema.text, "The one in which nothing is counted there.")),
    ], optional: ["unit"])

  static let item = JSONSchema.object(
    "So many pieces of a product, each made alike.",
    [
      .init("product", JSONSchema.text), .init("name", JSONSchema.text),
      .init("quantity", JSONSchema.count), .init("unit_price", JSONSchema.units),
      .init(
        "customizations",
        [
          "type": "array",
          "items": JSONSchema.object(
            "What is otherwise about it.",
            [
              .init("name", JSONSchema.text),
              .init("price", described(JSONSchema.units, "Above the unit's.")),
              .init("stock", stockLines),
            ]),
        ]),
      .init("stock", described(stockLines, "What a piece takes, customizations apart.")),
      .init("total", described(JSONSchema.units, "Of all its pieces.")),
    ], optional: ["name"])

  /// What is ordered, alone.
  static func orderedItems(_ name: String) -> JSONValue {
    JSONSchema.object(
      "Prices and total are in units of the currency.",
      [
        .init("id", described(JSONSchema.text, "ord_…")), .init("currency", JSONSchema.text),
        .init(
          "items",
          ["type": "array", "items": ["$ref": .string("#/components/schemas/\(name)")]]),
        .init("total", JSONSchema.units), .init("total_minor", JSONSchema.minor),
        .init("version", described(JSONSchema.count, "The order's.")),
      ])
  }

  private static func payment(of text: JSONValue, _ time: JSONValue) -> JSONValue {
    JSONSchema.object(
      "How it is paid; with id, address and uri once the payment was requested.",
      [
        .init("chain", text), .init("asset", text), .init("contract", JSONSchema.contract),
        .init("amount", JSONSchema.units), .init("amount_minor", JSONSchema.minor),
        .init("id", described(text, "pay_…")), .init("address", text),
        .init("uri", described(text, "What a wallet opens.")),
        .init(
          "status",
          described(
            JSONSchema.choices(PaymentLevel.allCases.map(\.rawValue)),
            "How far it has come; a settled payment is paid.")),
        .init("expires_at", time), .init("quote", PaymentSchemas.quote),
        .init("received_minor", described(JSONSchema.minor, "What has come, seen or in blocks.")),
        .init("refunded_minor", described(JSONSchema.minor, "What has gone back for good.")),
      ],
      optional: [
        "contract", "id", "address", "uri", "status", "expires_at", "quote", "received_minor",
        "refunded_minor",
      ])
  }

  private static let claim = JSONSchema.object(
    "By whose code it was handed over.",
    [
      .init("id", described(JSONSchema.text, "clm_…")),
      .init("by", described(JSONSchema.text, "Who handed it over.")),
    ])

  private static let cancellationOutcome = JSONSchema.object(
    "Who canceled it, and why.",
    [
      .init("by", JSONSchema.text),
      .init("reason", JSONSchema.choices(CancellationReason.allCases.map(\.rawValue))),
      .init("note", JSONSchema.text),
    ], optional: ["note"])
}
