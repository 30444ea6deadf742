internal import EventLog
internal import JSON
internal import Messages

/// JSON Schemas of customers' preferences.
enum PreferenceSchemas {
  private static let channels: JSONValue = [
    "type": "object", "additionalProperties": false,
    "description": "The wanted channels of each topic; all where a topic is left out.",
    "properties": .object(
      Notice.Topic.allCases.map {
        .init(
          $0.rawValue,
          [
            "type": "array", "maxItems": 8,
            "items": JSONSchema.choices(CustomerChannel.allCases.map(\.rawValue)),
          ])
      }),
  ]

  private static let push: JSONValue = [
    "type": "object", "additionalProperties": false, "required": ["provider", "token"],
    "description": "A device, as a provider of push messages knows it.",
    "properties": [
      "provider": ["type": "string", "minLength": 1, "maxLength": 64],
      "token": ["type": "string", "minLength": 1, "maxLength": 2048],
    ],
  ]

  static let request: JSONValue = [
    "type": "object", "additionalProperties": false,
    "properties": [
      "email": ["type": "string", "maxLength": 254, "examples": ["ada@example.com"]],
      "push": push,
      "language": [
        "type": "string", "default": "en",
        "description": .string(
          "A language tag; messages are there in "
            + Language.allCases.map(\.rawValue).joined(separator: ", ") + "."),
      ],
      "time_zone": [
        "type": "string", "examples": ["Europe/Berlin"],
        "description": "Without it times are told in UTC.",
      ],
      "channels": channels,
      "unsubscribed": [
        "type": "boolean",
        "description":
          "Whether the customer wants no mail; stays as it is where it is left out.",
      ],
    ],
  ]

  static let preferences = JSONSchema.object(
    "How a customer is told what becomes of orders.",
    [
      .init("customer", JSONSchema.text), .init("email", JSONSchema.text), .init("push", push),
      .init("language", JSONSchema.choices(Language.allCases.map(\.rawValue))),
      .init("time_zone", JSONSchema.text), .init("channels", channels),
      .init("unsubscribed", JSONSchema.flag), .init("created_at", JSONSchema.time),
      .init("updated_at", JSONSchema.time),
    ], optional: ["email", "push", "time_zone"])
}
