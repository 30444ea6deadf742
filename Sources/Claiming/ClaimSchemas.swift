package import EventLog
package import JSON

/// JSON Schemas of claims: for the API's description and for events.
package enum ClaimSchemas {
  static let status = JSONSchema.choices(ClaimStatus.allCases.map(\.rawValue))

  package static let claim = schema(isEvent: false)

  /// `claim.*`.
  package static let events = EventFamily(
    name: "claim", topic: "claim-events", subject: "The claim's id, clm_….",
    kinds: [
      kind("created", "An order is ready, and has a code with which it is claimed."),
      kind(
        "updated",
        "A wrong code was shown, the code was renewed, it was suspended or isn't any more, or its "
          + "delivery went on."),
      kind("processed", "The code was shown, and the order handed over."),
      kind("canceled", "The order ended otherwise; its code is worth nothing any more."),
    ], definitions: [.init("claim", schema(isEvent: true))])

  private static func kind(_ word: String, _ summary: String) -> EventFamily.Kind {
    EventFamily.Kind(
      type: "claim.\(word)", summary: summary, data: ["$ref": "#/$defs/claim"], tenant: .always)
  }

  private static func described(_ schema: JSONValue, _ text: String) -> JSONValue {
    JSONSchema.described(schema, text)
  }

  /// - Parameter isEvent: with the step that an event tells
  private static func schema(isEvent: Bool) -> JSONValue {
    let step: [JSONValue.Member] = [
      .init("from", described(status, "The status before; left out of the first event.")),
      .init("to", described(status, "The status that the event tells.")),
    ]
    let (text, time) = (JSONSchema.text, JSONSchema.time)
    return JSONSchema.object(
      "Who shows its code is handed the order. The code itself is told by /v1/claims/{id}/code "
        + "alone.",
      [
        .init("id", described(text, "clm_…")), .init("order_id", described(text, "ord_…")),
        .init("location", text),
        .init("region", described(text, "Where it is decided about.")),
        .init("status", status),
        .init(
          "locked",
          described(
            JSONSchema.flag,
            "Too many wrong codes were shown: nothing is handed over until the code is renewed.")),
        .init(
          "attempts_left",
          described(JSONSchema.count, "How many wrong codes may still be shown.")),
        .init("how", JSONSchema.choices(HandoverKind.allCases.map(\.rawValue))),
        .init("delivery", delivery), .init("processed_at", time),
        .init("processed_by", described(text, "Who handed it over.")),
        .init(
          "cancellation",
          described(
            JSONSchema.choices(["order_canceled", "order_completed"]),
            "What became of the order without its code.")),
        .init("created_at", time), .init("updated_at", time),
        .init("version", described(JSONSchema.count, "Counts the changes.")),
      ] + (isEvent ? step : []),
      optional: ["delivery", "processed_at", "processed_by", "cancellation", "from"])
  }

  private static let deliveryStatus = JSONSchema.choices(
    Delivery.Status.allCases.map(\.rawValue))

  private static let delivery = JSONSchema.object(
    "Who brings it, and how far that has come.",
    [
      .init("courier", JSONSchema.text), .init("status", deliveryStatus),
      .init(
        "revision",
        described(JSONSchema.count, "Counts how often courier or address were named.")),
    ])

  // MARK: Answers

  static let code = JSONSchema.object(
    "What its customer shows, and nobody else should see.",
    [
      .init("id", described(JSONSchema.text, "clm_…")),
      .init("order_id", described(JSONSchema.text, "ord_…")),
      .init(
        "code",
        [
          "type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$",
        ]),
      .init("uri", described(JSONSchema.text, "What its QR code says.")),
    ])

  static let address = JSONSchema.object(
    "Who brings the order, and where to.",
    [
      .init("id", described(JSONSchema.text, "clm_…")), .init("courier", JSONSchema.text),
      .init("address", JSONSchema.text), .init("status", deliveryStatus),
    ])

  // MARK: Requests

  static let showing: JSONValue = [
    "type": "object", "additionalProperties": false, "required": ["code"],
    "properties": [
      "code": [
        "type": "string", "minLength": 16, "maxLength": .integer(ClaimCode.maximumTextBytes),
        "description": "In any case, with or without hyphens; I and L are read as 1, O as 0.",
      ],
      "by": [
        "type": "string", "minLength": 1, "maxLength": 128,
        "description": "Who hands it over, in your own words.",
      ],
    ],
  ]

  static let newDelivery: JSONValue = [
    "type": "object", "additionalProperties": false, "required": ["courier", "address"],
    "properties": [
      "courier": [
        "type": "string", "minLength": 1, "maxLength": 128, "description": "Who brings it.",
      ],
      "address": [
        "type": "string", "minLength": 1, "maxLength": 1000,
        "description": "Where to. Kept until the claim has ended, and told in no event.",
      ],
    ],
  ]
}
