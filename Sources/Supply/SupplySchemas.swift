package import EventLog
package import JSON

/// JSON Schemas of supplies: for the API's description and for events.
package enum SupplySchemas {
  static let listedStatuses = SupplyStatus.allCases.filter { $0 != .deleted }
  static let status = JSONSchema.choices(listedStatuses.map(\.rawValue))

  package static let supply = schema(isEvent: false)

  /// `supply.*`.
  package static let events = EventFamily(
    name: "supply", topic: "supply-events", subject: "The supply's id, sup_….",
    kinds: [
      kind("created", "Stock of a product is kept at a location from now on."),
      kind("updated", "Stock moved, or what is noted about it changed."),
      kind(
        "low_stock",
        "What is available has fallen to its limit; told once, until it has been above again."),
      kind("deleted", "It is kept no longer."),
    ], definitions: [.init("supply", schema(isEvent: true))])

  private static func kind(_ word: String, _ summary: String) -> EventFamily.Kind {
    EventFamily.Kind(
      type: "supply.\(word)", summary: summary, data: ["$ref": "#/$defs/supply"], tenant: .always)
  }

  private static func described(_ schema: JSONValue, _ text: String) -> JSONValue {
    JSONSchema.described(schema, text)
  }

  /// - Parameter isEvent: with the change that an event tells
  private static func schema(isEvent: Bool) -> JSONValue {
    let step: [JSONValue.Member] = [.init("change", change)]
    let (text, count, time) = (JSONSchema.text, JSONSchema.count, JSONSchema.time)
    return JSONSchema.object(
      "Quantities count the smallest unit, and are whole numbers.",
      [
        .init("id", described(text, "sup_…")), .init("location", text), .init("product", text),
        .init("unit", described(text, "What is counted: g, ml, piece.")),
        .init("name", text), .init("owner", described(text, "Who sees to it.")),
        .init("amount", described(JSONSchema.units, "What a unit costs.")),
        .init("currency", text),
        .init("on_hand", described(count, "What is there, reserved or not.")),
        .init("reserved", described(count, "What orders hold of it.")),
        .init("available", described(count, "The rest.")),
        .init("low_at", described(count, "Available quantities up to this are low.")),
        // Also deleting answers with the supply as it is then.
        .init("status", JSONSchema.choices(SupplyStatus.allCases.map(\.rawValue))),
        .init("version", described(count, "Counts the changes.")),
        .init("created_at", time), .init("updated_at", time),
      ] + (isEvent ? step : []),
      optional: ["name", "owner", "amount", "currency", "low_at", "change"])
  }

  private static let change = JSONSchema.object(
    "How stock moved.",
    [
      .init(
        "kind",
        JSONSchema.choices([
          "adjusted", "counted", "reserved", "released", "consumed", "returned",
        ])),
      .init(
        "quantity",
        [
          "type": "integer",
          "description": "How much; of adjusted and counted the difference, which may be below 0.",
        ]),
      .init("order_id", described(JSONSchema.text, "Whose doing it is.")),
      .init("reason", JSONSchema.choices(AdjustmentReason.allCases.map(\.rawValue))),
      .init("by", JSONSchema.text), .init("note", JSONSchema.text),
    ], optional: ["order_id", "reason", "by", "note"])

  // MARK: Requests

  private static let quantity: JSONValue = [
    "type": "integer", "minimum": 0, "maximum": .integer(SupplyItem.maximumQuantity),
  ]

  private static let word: JSONValue = ["type": "string", "minLength": 1, "maxLength": 128]

  private static let detailMembers: [JSONValue.Member] = [
    .init("name", word), .init("owner", word),
    .init("amount", described(JSONSchema.units, "What a unit costs.")),
    .init("currency", ["type": "string", "minLength": 1, "maxLength": 20]),
    .init("low_at", described(quantity, "Tell when no more than this is available.")),
  ]

  static let details: JSONValue = [
    "type": "object", "additionalProperties": false, "properties": .object(detailMembers),
    "description": "What isn't named stays as it is.",
  ]

  static let newSupply: JSONValue = [
    "type": "object", "additionalProperties": false,
    "required": ["location", "product", "unit"],
    "properties": .object(
      [
        .init("location", word), .init("product", word),
        .init(
          "unit",
          [
            "type": "string", "minLength": 1, "maxLength": 32, "examples": ["g", "ml", "piece"],
            "description": "The smallest that is ever counted.",
          ]),
        .init("on_hand", quantity),
      ] + detailMembers),
  ]

  static let adjustment: JSONValue = [
    "oneOf": [
      [
        "type": "object", "additionalProperties": false, "required": ["change", "reason"],
        "properties": [
          "change": [
            "type": "integer", "description": "What came, or below 0 what went. Not 0.",
          ],
          "reason": JSONSchema.choices(AdjustmentReason.allCases.map(\.rawValue)),
          "note": ["type": "string", "minLength": 1, "maxLength": 500],
        ],
      ],
      [
        "type": "object", "additionalProperties": false, "required": ["counted"],
        "properties": [
          "counted": described(quantity, "What is there, with what orders hold."),
          "note": ["type": "string", "minLength": 1, "maxLength": 500],
        ],
      ],
    ]
  ]
}
