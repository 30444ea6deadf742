internal import EventLog
internal import JSON
internal import Settlement
internal import Supply

// What the routes of orders take.
extension OrderSchemas {
  private static let word: JSONValue = ["type": "string", "minLength": 1, "maxLength": 128]

  private static let seconds: JSONValue = [
    "type": "integer", "minimum": .integer(OrderService.expirySecondsRange.lowerBound),
    "maximum": .integer(OrderService.expirySecondsRange.upperBound),
  ]

  private static func stock(_ description: String) -> JSONValue {
    [
      "type": "array", "maxItems": .integer(OrderItem.maximumStockLines),
      "description": .string(description),
      "items": [
        "type": "object", "additionalProperties": false, "required": ["product", "quantity"],
        "properties": [
          "product": word,
          "quantity": [
            "type": "integer", "minimum": 1, "maximum": .integer(SupplyItem.maximumQuantity),
          ],
          "unit": [
            "type": "string", "minLength": 1, "maxLength": 32,
            "description": "One that its supply names; the smallest unless told.",
          ],
        ],
      ],
    ]
  }

  private static let items: JSONValue = [
    "type": "array", "minItems": 1, "maxItems": .integer(OrderItem.maximumItems),
    "items": [
      "type": "object", "additionalProperties": false,
      "required": ["product", "quantity", "unit_price"],
      "properties": [
        "product": word, "name": word,
        "quantity": [
          "type": "integer", "minimum": 1, "maximum": .integer(OrderItem.maximumQuantity),
        ],
        "unit_price": JSONSchema.described(JSONSchema.units, "In units of the currency."),
        "customizations": [
          "type": "array", "maxItems": .integer(OrderItem.maximumCustomizations),
          "items": [
            "type": "object", "additionalProperties": false, "required": ["name"],
            "properties": [
              "name": word,
              "price": JSONSchema.described(
                JSONSchema.units, "Above the unit's price; 0 where it is left out."),
              "stock": stock("What it takes from the location's stock; nothing unless told."),
            ],
          ],
        ],
        "stock": stock(
          "What a piece takes from the location's stock; one unit of its own product unless told."),
      ],
    ],
  ]

  static let payment: JSONValue = [
    "type": "object", "additionalProperties": false, "required": ["chain", "asset"],
    "properties": [
      "chain": ["type": "string", "examples": ["bitcoin", "ethereum"]],
      "asset": ["type": "string", "examples": ["BTC", "ETH", "USDC"]],
      "amount": JSONSchema.described(
        JSONSchema.units,
        "Where the order isn't priced in the asset: what is due. Left out, it is made of the total "
          + "at the current rate, which holds as long as the payment is open."),
      "expires_in": JSONSchema.described(seconds, "Of the payment, in seconds."),
      "refund_address": ["type": "string", "minLength": 1],
    ],
  ]

  static let newOrder: JSONValue = [
    "type": "object", "additionalProperties": false,
    "required": ["location", "currency", "items"],
    "properties": [
      "customer": JSONSchema.described(word, "Who orders, in your own words."),
      "location": JSONSchema.described(word, "Whose stock it takes."),
      "currency": [
        "type": "string", "examples": ["USD", "USDC"],
        "description": "What prices are in: an ISO 4217 code, or a listed asset.",
      ],
      "items": items,
      "payment": JSONSchema.described(
        payment, "How it is paid, where that is known; else /v1/orders/{id}/pay says it."),
      "expires_in": JSONSchema.described(
        seconds, "After so many seconds it is canceled, unless its payment was asked for."),
      "metadata": [
        "type": "object",
        "description": .string(
          "Given back as it is, with at most \(PaymentService.maximumMetadataBytes) bytes."),
      ],
    ],
  ]

  static let change: JSONValue = [
    "type": "object", "additionalProperties": false, "required": ["items"],
    "properties": ["items": items],
    "description":
      "All items anew. Where stock doesn't suffice the former ones stay, and shortages tell why.",
  ]

  static let resolution: JSONValue = [
    "type": "object", "additionalProperties": false, "required": ["action"],
    "properties": [
      "action": [
        "type": "string", "enum": ["reserve", "substitute", "accept", "waive"],
        "description": .string(
          "Of stock_missing: its stock is asked for again (reserve); other items are made, at the "
            + "same total (substitute); it is made of what is at hand, and no stock counts it "
            + "(accept). Of refund_due: nothing more goes back (waive). "
            + "Of payment_reversed, once it was handed over: it won't be paid again (waive). Of "
            + "refunding: it goes on all the same (waive)."),
      ],
      "items": items,
      "note": ["type": "string", "minLength": 1, "maxLength": 500],
    ],
  ]

  static let cancellation: JSONValue = [
    "type": "object", "additionalProperties": false,
    "properties": ["note": ["type": "string", "minLength": 1, "maxLength": 500]],
  ]
}
