package import EventLog
internal import JSON

/// JSON Schemas of webhooks: for the API's description and for events.
package enum WebhookSchemas {
  static let webhook = schema(isEvent: false)
  static let withSecret = schema(isEvent: false, secret: true)

  /// `webhook.*`.
  package static let events = EventFamily(
    name: "webhook", topic: "notification-events", subject: "The webhook's id, whk_….",
    kinds: [
      kind("created", "Events are sent to a URL from now on."),
      kind("updated", "Something about it changed, or its secret was replaced."),
      kind(
        "disabled",
        "It gets nothing any more: its tenant wanted so, it answered 410, or nothing has arrived "
          + "for three days."),
      kind("deleted", "It isn't there any more."),
    ], definitions: [.init("webhook", schema(isEvent: true))])

  private static func kind(_ word: String, _ summary: String) -> EventFamily.Kind {
    EventFamily.Kind(
      type: "webhook.\(word)", summary: summary, data: ["$ref": "#/$defs/webhook"],
      tenant: .always)
  }

  private static let url: JSONValue = [
    "type": "string", "minLength": 1, "maxLength": .integer(WebhookURL.maximumBytes),
    "examples": ["https://shop.example/paywatch"],
  ]

  private static let patterns: JSONValue = [
    "type": "array", "minItems": 1, "maxItems": .integer(WebhookDetails.maximumEvents),
    "items": ["type": "string", "examples": ["payment.*", "order.ready", "*"]],
    "description": "Types of events, families of them, or * for all.",
  ]

  private static func schema(isEvent: Bool, secret: Bool = false) -> JSONValue {
    let described = JSONSchema.described
    let (text, time) = (JSONSchema.text, JSONSchema.time)
    let shown: [JSONValue.Member] = [
      .init(
        "secret",
        described(
          text,
          "What requests are signed with (Standard Webhooks): whsec_ and Base64. Left out where a "
            + "request is repeated."))
    ]
    return JSONSchema.object(
      "Where events are sent.",
      [
        .init("id", described(text, "whk_…")),
        .init(
          "url", described(url, isEvent ? "Without path and query." : "Where requests go.")),
        .init("events", patterns), .init("description", text),
        .init("status", JSONSchema.choices(WebhookStatus.allCases.map(\.rawValue))),
        .init("disabled_reason", JSONSchema.choices(DisablingReason.allCases.map(\.rawValue))),
        .init("disabled_at", time),
        .init(
          "secret_rotated_at", described(time, "Former secrets sign for a day after this.")),
        .init("created_at", time), .init("updated_at", time),
        .init("version", described(JSONSchema.count, "Counts the changes.")),
      ] + (secret ? shown : []),
      optional: [
        "description", "disabled_reason", "disabled_at", "secret_rotated_at", "secret",
      ])
  }

  // MARK: Requests

  private static let note: JSONValue = ["type": "string", "minLength": 1, "maxLength": 200]

  static let newWebhook: JSONValue = [
    "type": "object", "additionalProperties": false, "required": ["url", "events"],
    "properties": ["url": url, "events": patterns, "description": note],
  ]

  static let change: JSONValue = [
    "type": "object", "additionalProperties": false,
    "properties": [
      "url": url, "events": patterns, "description": note,
      "enabled": ["type": "boolean", "description": "Enabling begins afresh: with new events."],
    ],
    "description": "What isn't named stays as it is.",
  ]
}
