package import EventLog
package import JSON

/// JSON Schemas of supplies: for the API's description and for events.
package enum SupplySchemas {
  static let listedStatuses = SupplyStatus.allCases.filter { $0 != .deleted }
  static let status = JSONSchema.choices(listedStatuses.map(\.rawValue))
  static let reorderStatus = JSONSchema.choices(SupplyReorder.Status.allCases.map(\.rawValue))

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
      kind(
        "reordered",
        "More is to be ordered; told once, until stock has come or somebody has closed it."),
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
    let step: [JSONValue.Member] = [
      .init("change", change),
      .init("deleted_by", described(JSONSchema.text, "Of supply.deleted: who did it.")),
    ]
    let (text, count, time) = (JSONSchema.text, JSONSchema.count, JSONSchema.time)
    return JSONSchema.object(
      "Quantities count the smallest unit, and are whole numbers.",
      [
        .init("id", described(text, "sup_…")), .init("location", text), .init("product", text),
        .init("unit", described(text, "What is counted: g, ml, piece.")),
        .init("units", units),
        .init("name", text), .init("owner", described(text, "Who sees to it.")),
        .init("amount", described(JSONSchema.units, "What a unit costs.")),
        .init("currency", text),
        .init("on_hand", described(count, "What is there, reserved or not.")),
        .init("reserved", described(count, "What orders hold of it.")),
        .init("available", described(count, "The rest.")),
        .init("low_at", described(count, "Available quantities up to this are low.")),
        .init("reorder_at", described(count, "More is to be ordered at this, or below.")),
        .init("reorder_quantity", described(count, "How much then.")),
        .init("reorder", currentReorder),
        // Also deleting answers with the supply as it is then.
        .init("status", JSONSchema.choices(SupplyStatus.allCases.map(\.rawValue))),
        .init("version", described(count, "Counts the changes.")),
        .init("created_at", time), .init("updated_at", time),
      ] + (isEvent ? step : []),
      optional: [
        "name", "owner", "amount", "currency", "low_at", "reorder_at", "reorder_quantity",
        "reorder", "units", "change", "deleted_by",
      ])
  }

  private static let units: JSONValue = [
    "type": "object",
    "maxProperties": .integer(SupplyDetails.maximumUnits),
    "additionalProperties": [
      "type": "integer", "minimum": .integer(SupplyRoutes.unitFactors.lowerBound),
      "maximum": .integer(SupplyRoutes.unitFactors.upperBound),
    ],
    "examples": [["kg": 1000]],
    "description": "Larger units by name, each of so many of the smallest.",
  ]

  private static let currentReorder = JSONSchema.object(
    "More that is to be ordered, or was.",
    [
      .init("status", reorderStatus), .init("since", JSONSchema.time),
      .init("quantity", JSONSchema.count),
      .init("reference", described(JSONSchema.text, "What the supplier knows it by.")),
    ], optional: ["quantity", "reference"])

  private static let movementMembers: [JSONValue.Member] = [
    .init("kind", JSONSchema.choices(StockMovement.Kind.allCases.map(\.rawValue))),
    .init("on_hand", described(JSONSchema.count, "Of counted: what was there.")),
    .init("order_id", described(JSONSchema.text, "Whose doing it is.")),
    .init("reason", JSONSchema.choices(AdjustmentReason.allCases.map(\.rawValue))),
    .init("by", JSONSchema.text), .init("note", JSONSchema.text),
  ]

  private static let change = JSONSchema.object(
    "How stock moved.",
    movementMembers + [
      .init(
        "quantity",
        [
          "type": "integer",
          "description": "How much; of adjusted and counted the difference, which may be below 0.",
        ])
    ], optional: ["on_hand", "order_id", "reason", "by", "note"])

  static let movement = JSONSchema.object(
    "How stock moved.",
    movementMembers + [
      .init(
        "quantity",
        [
          "type": "integer",
          "description": "How much; of adjusted the difference, which may be below 0.",
        ]),
      .init("time", JSONSchema.time),
      .init("version", described(JSONSchema.count, "The supply's afterwards.")),
    ], optional: ["on_hand", "order_id", "reason", "by", "note", "quantity"])

  // MARK: Requests

  private static let quantity: JSONValue = [
    "type": "integer", "minimum": 0, "maximum": .integer(SupplyItem.maximumQuantity),
  ]

  private static let moved: JSONValue = [
    "type": "integer", "minimum": 1, "maximum": .integer(SupplyItem.maximumQuantity),
  ]

  private static let word: JSONValue = ["type": "string", "minLength": 1, "maxLength": 128]
  private static let note: JSONValue = ["type": "string", "minLength": 1, "maxLength": 500]
  private static let unit: JSONValue = [
    "type": "string", "minLength": 1, "maxLength": 32,
    "description": "In which quantities are given; the smallest unless named.",
  ]

  private static let detailMembers: [JSONValue.Member] = [
    .init("name", word), .init("owner", word),
    .init("amount", described(JSONSchema.units, "What a unit costs.")),
    .init("currency", ["type": "string", "minLength": 1, "maxLength": 20]),
    .init("low_at", described(quantity, "Tell when no more than this is available.")),
    .init("reorder_at", described(quantity, "Ask for more when no more than this is available.")),
    .init("reorder_quantity", described(moved, "How much to order then.")),
    .init("units", units),
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
          "unit": unit, "note": note,
        ],
      ],
      [
        "type": "object", "additionalProperties": false, "required": ["counted"],
        "properties": [
          "counted": described(quantity, "What is there, with what orders hold."),
          "unit": unit, "note": note,
        ],
      ],
    ]
  ]

  static let reorder: JSONValue = [
    "type": "object", "additionalProperties": false, "required": ["status"],
    "properties": [
      "status": [
        "type": "string", "enum": ["ordered", "received", "closed"],
        "description": "received adds the quantity to what is on hand.",
      ],
      "quantity": described(moved, "As much as is known of, unless named."),
      "unit": unit, "reference": word, "note": note,
    ],
  ]
}
