package import JSON

/// JSON Schemas of the events of one sort of aggregate: the source of `deploy/events`.
package struct EventFamily: Sendable {
  /// The first word of its types.
  package let name: String
  /// The Kafka topic on which it is told.
  package let topic: String
  let subject: String
  package let kinds: [Kind]
  /// What the schemas of its data refer to.
  let definitions: [JSONValue.Member]

  /// One type of event.
  package struct Kind: Sendable {
    package let type: String
    let summary: String
    let data: JSONValue
    let tenant: Tenant

    package init(type: String, summary: String, data: JSONValue, tenant: Tenant) {
      self.type = type
      self.summary = summary
      self.data = data
      self.tenant = tenant
    }
  }

  /// Whether an event carries a tenant's name.
  package enum Tenant: Sendable {
    case always, sometimes, never
  }

  package init(
    name: String, topic: String, subject: String, kinds: [Kind], definitions: [JSONValue.Member]
  ) {
    self.name = name
    self.topic = topic
    self.subject = subject
    self.kinds = kinds
    self.definitions = definitions
  }

  package var fileName: String { "\(name).schema.json" }

  // MARK: The envelope

  /// A CloudEvents 1.0 event whose type and data are as the schemas say.
  package static func envelope(
    type: JSONValue, subject: String, data: JSONValue, tenant: Tenant, description: String
  ) -> JSONValue {
    let members: [JSONValue.Member] = [
      .init("specversion", JSONSchema.constant("1.0")),
      .init(
        "id",
        JSONSchema.described(JSONSchema.hash, "The same however often the event is told.")),
      .init("source", JSONSchema.constant(CloudEvent.source)), .init("type", type),
      .init("subject", JSONSchema.described(JSONSchema.text, subject)),
      .init("time", JSONSchema.time),
      .init("datacontenttype", JSONSchema.constant("application/json")),
      .init(
        "sequence",
        [
          "type": "integer", "minimum": 1,
          "description": "Counts the subject's events, from 1 without gaps.",
        ]),
    ]
    let owner = JSONValue.Member("tenant", JSONSchema.text)
    let trace = JSONValue.Member(
      "traceparent",
      JSONSchema.described(JSONSchema.text, "The W3C trace of the request or step that told it."))
    return JSONSchema.object(
      description,
      members + (tenant == .never ? [] : [owner]) + [trace, .init("data", data)],
      optional: tenant == .sometimes ? ["tenant", "traceparent"] : ["traceparent"])
  }

  // MARK: Files

  /// The family's schema: one of its events, each of which stands in `$defs` under its type.
  package var document: JSONValue {
    let definedKinds = kinds.map { kind in
      JSONValue.Member(
        kind.type,
        Self.envelope(
          type: JSONSchema.constant(kind.type), subject: subject, data: kind.data,
          tenant: kind.tenant, description: kind.summary))
    }
    return [
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "$id": .string("urn:paywatch:events:\(name)"),
      "title": .string("Events \(name).*"),
      "description": .string(
        "CloudEvents 1.0 in JSON. Members that don't apply are left out; later versions may add "
          + "some, so pass over those that you don't know. A change that isn't an addition gets a "
          + "type of its own, such as \(kinds[0].type).v2."),
      "oneOf": .array(kinds.map { ["$ref": .string("#/$defs/\($0.type)")] }),
      "$defs": .object(definedKinds + definitions),
    ]
  }

  /// Their files by name, as they stand in `deploy/events`.
  package static func files(of families: [EventFamily]) -> [(name: String, text: String)] {
    families.map { ($0.fileName, $0.document.indentedJSON) }
      + [("asyncapi.json", AsyncAPIDocument.document(of: families).indentedJSON)]
  }
}
