package import JSON

/// What `GET /openapi.json` tells of a route. Schemas are JSON Schema 2020-12 objects.
package struct OpenAPIOperation: Sendable {
  /// Unique among the routes, such as `createPayment`.
  package let id: String
  package let summary: String
  package let tag: String
  /// Query and header parameters; those of the path are found in the path.
  package let parameters: [Parameter]
  package let requestSchema: JSONValue?
  /// Whether the request needs an `Idempotency-Key`.
  package let isIdempotent: Bool
  package let answers: [Answer]

  package struct Parameter: Sendable {
    package let name: String
    package let place: Place
    package let isRequired: Bool
    package let description: String
    package let schema: JSONValue

    package enum Place: String, Sendable {
      case query, header, path
    }

    package init(
      _ name: String, in place: Place = .query, isRequired: Bool = false,
      _ description: String, schema: JSONValue = ["type": "string"]
    ) {
      self.name = name
      self.place = place
      self.isRequired = isRequired
      self.description = description
      self.schema = schema
    }

    /// `limit` and `after` of a paged list.
    package static let page: [Parameter] = [
      Parameter(
        "limit", "How many items at most.",
        schema: ["type": "integer", "minimum": 1, "maximum": 1000, "default": 50]),
      Parameter("after", "next_after of the page before."),
    ]
  }

  package struct Answer: Sendable {
    package let status: Int
    package let description: String
    package let schema: JSONValue?
    package let mediaType: String?
    /// Further media types that a client can ask for by `Accept`.
    package let otherMediaTypes: [String]

    package init(
      _ status: Int, _ description: String, schema: JSONValue? = nil, mediaType: String? = nil,
      otherMediaTypes: [String] = []
    ) {
      self.status = status
      self.description = description
      self.schema = schema
      self.mediaType = mediaType
      self.otherMediaTypes = otherMediaTypes
    }

    /// A problem that clients of the route should know: `description` tells its types.
    package static func problem(_ status: Int, _ description: String) -> Answer {
      Answer(
        status, description, schema: OpenAPIDocument.reference("Problem"),
        mediaType: "application/problem+json")
    }
  }

  package init(
    _ id: String, _ summary: String, tag: String, parameters: [Parameter] = [],
    requestSchema: JSONValue? = nil, isIdempotent: Bool = false, answers: [Answer]
  ) {
    self.id = id
    self.summary = summary
    self.tag = tag
    self.parameters = parameters
    self.requestSchema = requestSchema
    self.isIdempotent = isIdempotent
    self.answers = answers
  }

  /// A page's schema around its items'.
  ///
  /// - Parameter growing: the list gets further items at its end only, so that a page always
  ///   tells how to go on
  package static func pageSchema(of item: JSONValue, growing: Bool = false) -> JSONValue {
    let next: JSONValue =
      growing
      ? [
        "type": "string",
        "description": "The next page's after. Ask again later with it where data is empty.",
      ]
      : [
        "type": ["string", "null"],
        "description": "The next page's after; null on the last page.",
      ]
    return [
      "type": "object", "required": ["data", "next_after"],
      "properties": ["data": ["type": "array", "items": item], "next_after": next],
    ]
  }
}
