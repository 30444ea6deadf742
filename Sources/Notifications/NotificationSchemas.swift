package import EventLog
package import JSON

/// JSON Schemas of deliveries: for the API's description and for events.
package enum NotificationSchemas {
  static let channel = JSONSchema.choices(ChannelName.allCases.map(\.rawValue))
  static let status = JSONSchema.choices(Delivery.Status.allCases.map(\.rawValue))

  package static let delivery = schema(isEvent: false)
  /// With its attempts.
  static let logged = schema(isEvent: false, isLogged: true)

  /// `notification.*`.
  package static let events = EventFamily(
    name: "notification", topic: "notification-events", subject: "The delivery's id, ntf_….",
    kinds: [
      kind("sent", "It has arrived: the target took it."),
      kind(
        "failed",
        "It hasn't arrived, and isn't tried any more, unless somebody sends it on its way again."),
    ], definitions: [.init("delivery", schema(isEvent: true))])

  private static func kind(_ word: String, _ summary: String) -> EventFamily.Kind {
    EventFamily.Kind(
      type: "notification.\(word)", summary: summary, data: ["$ref": "#/$defs/delivery"],
      tenant: .always)
  }

  private static func schema(isEvent: Bool, isLogged: Bool = false) -> JSONValue {
    let described = JSONSchema.described
    let (text, count, time) = (JSONSchema.text, JSONSchema.count, JSONSchema.time)
    let answer: [JSONValue.Member] = [
      .init("answer", described(text, "How the target's answer began."))
    ]
    let how: [JSONValue.Member] = [
      .init("at", described(time, "When it began.")),
      .init("code", described(count, "The status of an HTTP or SMTP reply.")),
      .init("detail", text),
    ]
    let attempt = JSONSchema.object(
      "How the last attempt went.",
      how + (isEvent ? [] : answer), optional: ["code", "answer", "at"])
    let logged = JSONSchema.object(
      "How an attempt went.",
      how + answer + [
        .init("number", described(count, "From 1; one whose sender died is missing.")),
        .init("ended_at", time),
        .init(
          "outcome",
          described(
            text,
            "sent, retry, postponed (for no fault of the target's), failed, gone (no more is taken) "
              + "or canceled.")),
      ], optional: ["code", "answer"])
    let log: [JSONValue.Member] = [
      .init(
        "log",
        described(
          ["type": "array", "items": logged],
          "The latest \(RecordedAttempt.shownLimit) attempts."))
    ]
    return JSONSchema.object(
      "Something that somebody is told.",
      [
        .init("id", described(text, "ntf_…; the same in every attempt.")),
        .init("channel", channel),
        .init("target", described(text, "Whom: whk_… of a webhook.")),
        .init("event_id", described(text, "What of: the event's id.")),
        .init("event_type", text),
        .init("event_subject", described(text, "The event's subject.")),
        .init("status", status),
        .init("attempts", described(count, "How many have begun.")),
        .init("last_attempt", attempt),
        .init("next_attempt_at", described(time, "When it may be tried again, at the earliest.")),
        .init("expires_at", described(time, "An attempt that fails later is the last.")),
        .init("created_at", time), .init("finished_at", time),
      ] + (isLogged ? log : []), optional: ["last_attempt", "next_attempt_at", "finished_at"])
  }
}
