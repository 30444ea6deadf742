package import HTTPServer
internal import JSON

// What the routes of webhooks take.
extension WebhookRoutes {
  private static let descriptionBytes = 1...200

  static func newDetails(
    _ fields: inout JSONFields, _ policy: WebhookPolicy
  ) throws -> WebhookDetails {
    WebhookDetails(
      url: try url(try fields.string("url", length: 1...WebhookURL.maximumBytes), policy),
      events: try events(try fields.required("events")),
      description: try fields.optionalString("description", length: descriptionBytes))
  }

  /// What a request changes, as facts about the webhook as it is.
  struct Changes: Sendable {
    let url: String?
    let events: [EventPattern]?
    let description: String?
    let isEnabled: Bool?

    func make(_ webhook: WebhookEndpoint) -> [WebhookFact] {
      let known = webhook.details
      let described = WebhookFact.described(
        WebhookDetails(
          url: url ?? known.url, events: events ?? known.events,
          description: description ?? known.description))
      return [described] + (isEnabled.map { [$0 ? .enabled : .disabled(.requested)] } ?? [])
    }
  }

  static func changes(_ fields: inout JSONFields, _ policy: WebhookPolicy) throws -> Changes {
    let url = try fields.optionalString("url", length: 1...WebhookURL.maximumBytes)
    let events = try fields.optional("events").map(events)
    let description = try fields.optionalString("description", length: descriptionBytes)
    let enabled = fields.optional("enabled")
    if let enabled, enabled.flag == nil {
      throw Problem.invalidField("enabled", "It must be true or false, not \(enabled.kind).")
    }
    return Changes(
      url: try url.map { try Self.url($0, policy) }, events: events, description: description,
      isEnabled: enabled?.flag)
  }

  private static func url(_ text: String, _ policy: WebhookPolicy) throws -> String {
    do throws(WebhookURL.Mistake) {
      return try WebhookURL(text, policy: policy).text
    } catch {
      throw switch error {
      case .malformed(let reason): Problem.invalidField("url", reason)
      case .notEncrypted: Problem.invalidField("url", "It must begin with https://.")
      case .notPublic(let reason):
        Problem.invalidField("url", "The host must be in the public internet: \(reason).")
      }
    }
  }

  private static func events(_ value: JSONValue) throws -> [EventPattern] {
    guard let texts = value.elements, (1...WebhookDetails.maximumEvents).contains(texts.count)
    else {
      throw Problem.invalidField(
        "events", "It must be a list of 1 to \(WebhookDetails.maximumEvents) types.")
    }
    var patterns: [EventPattern] = []
    for (index, text) in texts.enumerated() {
      guard let pattern = text.string.flatMap(EventPattern.init), WebhookEvents.tells(pattern)
      else {
        throw Problem.invalidField(
          "events[\(index)]",
          "It must be *, a family such as payment.*, or a type such as payment.paid, of "
            + "payments, transfers, refunds, orders and claims.")
      }
      if !patterns.contains(pattern) { patterns.append(pattern) }
    }
    return patterns
  }
}

extension WebhookRefusal: Refusal {
  package var problem: Problem { Problem(self) }
}

extension DeliveryRefusal: Refusal {
  package var problem: Problem { Problem(self) }
}

extension Problem {
  /// The problem that tells why a webhook wasn't made or changed.
  init(_ refusal: WebhookRefusal) {
    switch refusal {
    case .notFound(let id): self = .notFound("There is no webhook \(id.prefix(60)).")
    case .disabled:
      self = .conflict(
        "webhook-disabled", "The webhook is disabled.", "Enable it first: {\"enabled\":true}.")
    case .tooMany(let limit):
      self = .conflict(
        "too-many-webhooks", "There are too many webhooks.", "A tenant may have \(limit).")
    // Facts that no client writes itself.
    case .notFounded, .foundedAlready: self = .internal
    }
  }

  /// The problem that tells why a delivery isn't repeated.
  init(_ refusal: DeliveryRefusal) {
    switch refusal {
    case .notFound(let id): self = .notFound("There is no delivery \(id.prefix(60)).")
    case .forgotten(let id):
      self = .gone(
        "cursor-expired", "The delivery before that page isn't kept any more.",
        "\(id.prefix(60)) is gone, and its place with it. Read again from the beginning.")
    case .sent:
      self = .conflict("delivery-sent", "The delivery has arrived.", "Read /v1/events instead.")
    case .retired:
      self = .conflict(
        "target-disabled", "Nothing is sent there now.", "Enable the webhook first.")
    case .tooLarge: self = .internal
    }
  }
}
