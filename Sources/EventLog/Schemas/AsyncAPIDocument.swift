internal import JSON

/// How the events come over Kafka, as an AsyncAPI 3.0 document beside their schemas.
enum AsyncAPIDocument {
  static func document(of families: [EventFamily]) -> JSONValue {
    let topics = families.map(\.topic).reduce(into: [String]()) { topics, topic in
      if !topics.contains(topic) { topics.append(topic) }
    }
    return [
      "asyncapi": "3.0.0",
      "info": [
        "title": "Paywatch events", "version": "1.0.0",
        "description": .string(
          "What happens to payments, transfers, refunds, sweeps, chains, orders, supplies, claims, "
            + "notifications and prices, as CloudEvents 1.0 in structured mode. "
            + "A message's key is the event's subject, so a subject's events come in order, in one "
            + "partition. Each event is there once for those who read with "
            + "isolation.level=read_committed; others see what was aborted, too. Who goes back to an "
            + "earlier offset gets events again: remember the sequence that you handled last of "
            + "each subject, in the transaction that handles it, and pass over what isn't above it. "
            + "A sequence that skips numbers means that something is missing; one that comes again "
            + "with another id is a second history, and nothing to go on with."),
      ],
      "defaultContentType": "application/cloudevents+json; charset=UTF-8",
      "channels": .object(topics.map { .init($0, channel($0, families)) }),
      "operations": .object(topics.map { .init("tell-\($0)", operation($0)) }),
      "components": [
        "messages": .object(
          families.flatMap { family in
            family.kinds.map { .init($0.type, message($0, family)) }
          }),
        "messageTraits": ["kafka": trait],
      ],
    ]
  }

  private static func channel(_ topic: String, _ families: [EventFamily]) -> JSONValue {
    let kinds = families.filter { $0.topic == topic }.flatMap(\.kinds)
    return [
      "address": .string(topic),
      "messages": .object(
        kinds.map {
          .init($0.type, ["$ref": .string("#/components/messages/\($0.type)")])
        }),
      "bindings": ["kafka": ["topic": .string(topic), "bindingVersion": "0.5.0"]],
    ]
  }

  private static func operation(_ topic: String) -> JSONValue {
    ["action": "send", "channel": ["$ref": .string("#/channels/\(topic)")]]
  }

  private static func message(
    _ kind: EventFamily.Kind, _ family: EventFamily
  ) -> JSONValue {
    [
      "name": .string(kind.type), "summary": .string(kind.summary),
      "contentType": "application/cloudevents+json; charset=UTF-8",
      "traits": [["$ref": "#/components/messageTraits/kafka"]],
      "payload": [
        "schemaFormat": "application/schema+json;version=draft-2020-12",
        "schema": ["$ref": .string("./\(family.fileName)#/$defs/\(kind.type)")],
      ],
    ]
  }

  private static let trait: JSONValue = [
    "headers": [
      "type": "object", "required": ["content-type", "paywatch-position"],
      "properties": [
        "content-type": ["const": "application/cloudevents+json; charset=UTF-8"],
        "paywatch-position": [
          "type": "string", "pattern": "^[1-9][0-9]{0,18}$",
          "description": "The event's place in the one order of all events.",
        ],
        "paywatch-epoch": [
          "type": "string", "pattern": "^[1-9][0-9]{0,18}$",
          "description": "The restore epoch of that place; left out in the first, 0.",
        ],
        "traceparent": [
          "type": "string", "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
          "description": "The W3C trace of the request that caused it, where there was one.",
        ],
      ],
    ],
    "bindings": [
      "kafka": [
        "key": ["type": "string", "description": "The event's subject."],
        "bindingVersion": "0.5.0",
      ]
    ],
  ]
}
