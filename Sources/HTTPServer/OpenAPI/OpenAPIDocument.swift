package import JSON
internal import Tenancy

/// Builds an OpenAPI 3.1 document from routes.
package struct OpenAPIDocument: Sendable {
  package let title: String
  package let version: String
  package private(set) var routes: [Route] = []
  /// Schemas that operations refer to as `#/components/schemas/<name>`.
  package private(set) var schemas: [JSONValue.Member] = []

  package struct Route: Sendable {
    /// In lower case.
    package let method: String
    /// With parameters in braces: `/v1/payments/{id}`.
    package let path: String
    package let operation: OpenAPIOperation
    package let access: RouteAccess
  }

  package init(title: String, version: String) {
    self.title = title
    self.version = version
  }

  package mutating func add(_ route: Route) {
    precondition(
      !routes.contains { $0.operation.id == route.operation.id }, "operation ids are unique")
    routes.append(route)
  }

  package mutating func add(schema: JSONValue, named name: String) {
    // Of those that several services' routes answer with, each adds the same.
    guard !schemas.contains(.init(name, schema)) else { return }
    schemas.append(.init(name, schema))
  }

  /// A reference to a schema of the components.
  package static func reference(_ name: String) -> JSONValue {
    ["$ref": .string("#/components/schemas/\(name)")]
  }

  /// The names in braces in a path.
  package static func parameterNames(in path: String) -> [String] {
    path.split(separator: "/").compactMap { part in
      part.hasPrefix("{") && part.hasSuffix("}") ? String(part.dropFirst().dropLast()) : nil
    }
  }

  package var json: JSONValue {
    var paths: [JSONValue.Member] = []
    var seen: Set<String> = []
    for route in routes where seen.insert(route.path).inserted {
      let methods = routes.filter { $0.path == route.path }
      paths.append(
        .init(route.path, .object(methods.map { .init($0.method, Self.operation($0)) })))
    }
    return [
      "openapi": "3.1.0",
      "info": ["title": .string(title), "version": .string(version)],
      "paths": .object(paths),
      "components": [
        "securitySchemes": [
          "apiKey": [
            "type": "http", "scheme": "bearer", "description": "A program's API key, pwk_….",
          ],
          "token": [
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": .string(
              "A person's token with the claims iss, aud, sub, exp, tenant and roles, of which one "
                + "must be a named one. A customer sees and changes only what is theirs."),
          ],
        ],
        "schemas": .object([.init("Problem", Self.problemSchema)] + schemas),
      ],
    ]
  }

  private static func operation(_ route: Route) -> JSONValue {
    let operation = route.operation
    var members: [JSONValue.Member] = [
      .init("operationId", .string(operation.id)),
      .init("summary", .string(operation.summary)),
      .init("tags", [.string(operation.tag)]),
    ]
    var parameters = parameterNames(in: route.path).map {
      OpenAPIOperation.Parameter($0, in: .path, isRequired: true, "")
    }
    parameters += operation.parameters
    if operation.isIdempotent {
      parameters.append(
        .init(
          IdempotencyKey.headerName, in: .header, isRequired: true,
          "Repeating a request under the same key within a week gives the same reply and does "
            + "nothing again. What was refused may be tried again under its key.",
          schema: ["type": "string", "minLength": 1, "maxLength": 255]))
    }
    if !parameters.isEmpty {
      members.append(.init("parameters", .array(parameters.map(parameter))))
    }
    if let schema = operation.requestSchema {
      members.append(
        .init(
          "requestBody",
          ["required": true, "content": ["application/json": ["schema": schema]]]))
    }
    var responses = operation.answers.map { answer in
      JSONValue.Member(String(answer.status), response(answer))
    }
    responses.append(
      .init(
        "default",
        [
          "description": "A problem (RFC 9457).",
          "content": ["application/problem+json": ["schema": reference("Problem")]],
        ]))
    members.append(.init("responses", .object(responses)))
    members.append(.init("security", security(route.access)))
    return .object(members)
  }

  /// Each one is enough by itself.
  private static func security(_ access: RouteAccess) -> JSONValue {
    guard let roles = access.roles else { return [] }
    let keys: [JSONValue] = access.takesKeys ? [["apiKey": []]] : []
    return .array(keys + roles.sorted().map { ["token": [.string($0.rawValue)]] })
  }

  private static func parameter(_ parameter: OpenAPIOperation.Parameter) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("name", .string(parameter.name)), .init("in", .string(parameter.place.rawValue)),
      .init("required", .bool(parameter.isRequired)),
    ]
    if !parameter.description.isEmpty {
      members.append(.init("description", .string(parameter.description)))
    }
    members.append(.init("schema", parameter.schema))
    return .object(members)
  }

  private static func response(_ answer: OpenAPIOperation.Answer) -> JSONValue {
    var members: [JSONValue.Member] = [.init("description", .string(answer.description))]
    if answer.schema != nil || answer.mediaType != nil {
      let content: JSONValue = answer.schema.map { ["schema": $0] } ?? .object([])
      let others = answer.otherMediaTypes.map { JSONValue.Member($0, .object([])) }
      members.append(
        .init(
          "content", .object([.init(answer.mediaType ?? "application/json", content)] + others)))
    }
    return .object(members)
  }

  private static let problemSchema: JSONValue = [
    "type": "object", "required": ["type", "title", "status"],
    // What some types tell besides.
    "additionalProperties": true,
    "properties": [
      "type": ["type": "string", "description": "urn:paywatch:problem:<type>"],
      "title": ["type": "string"], "status": ["type": "integer"],
      "detail": ["type": "string"], "instance": ["type": "string"],
      "errors": [
        "type": "array",
        "items": [
          "type": "object",
          "properties": ["field": ["type": "string"], "detail": ["type": "string"]],
        ],
      ],
    ],
  ]
}
