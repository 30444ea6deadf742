package import HTTPTypes
package import JSON

/// What a request did wrong, or why it can't be served: a problem detail (RFC 9457). Thrown by a
/// handler, it becomes an `application/problem+json` answer.
package struct Problem: Error, Sendable, Equatable {
  /// The last part of the problem type's URI: `urn:paywatch:problem:<type>`. Clients decide on
  /// this, never on the texts.
  package let type: String
  /// The same for every occurrence of the type.
  package let title: String
  package let status: HTTPResponse.Status
  /// What it is about this occurrence; never shows internals.
  package let detail: String?
  /// Further members, such as `errors`.
  package var extensions: [JSONValue.Member]
  /// Further header fields, such as `Retry-After`.
  package var headers: HTTPFields

  package init(
    _ status: HTTPResponse.Status, _ type: String, _ title: String, _ detail: String? = nil,
    extensions: [JSONValue.Member] = [], headers: HTTPFields = [:]
  ) {
    self.status = status
    self.type = type
    self.title = title
    self.detail = detail
    self.extensions = extensions
    self.headers = headers
  }

  /// The problem's JSON; `instance` names this occurrence by its request id.
  package func json(requestID: String) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("type", .string("urn:paywatch:problem:\(type)")),
      .init("title", .string(title)),
      .init("status", .integer(status.code)),
    ]
    if let detail { members.append(.init("detail", .string(detail))) }
    members.append(.init("instance", .string("urn:paywatch:request:\(requestID)")))
    return .object(members + extensions)
  }
}

extension Problem {
  package static func badRequest(
    _ type: String, _ title: String, _ detail: String? = nil
  ) -> Problem {
    Problem(.badRequest, type, title, detail)
  }

  /// A field of the body, a parameter or a header that can't be used (422): `field` is its path,
  /// such as `price.amount`.
  package static func invalidField(_ field: String, _ detail: String) -> Problem {
    invalidFields([(field, detail)])
  }

  package static func invalidFields(_ errors: [(field: String, detail: String)]) -> Problem {
    let list = errors.map { error in
      JSONValue.object([
        .init("field", .string(error.field)), .init("detail", .string(error.detail)),
      ])
    }
    let detail = errors.map { "\($0.field): \($0.detail)" }.joined(separator: " ")
    return Problem(
      .unprocessableContent, "invalid-field", "A field of the request can't be used.", detail,
      extensions: [.init("errors", .array(list))])
  }

  package static func unauthorized(_ detail: String) -> Problem {
    Problem(
      .unauthorized, "unauthorized", "An API key or a token is needed.", detail,
      headers: [.wwwAuthenticate: #"Bearer realm="paywatch""#])
  }

  package static func notFound(_ detail: String) -> Problem {
    Problem(.notFound, "not-found", "There is no such resource.", detail)
  }

  /// The resource's state doesn't allow what was asked.
  package static func conflict(_ type: String, _ title: String, _ detail: String?) -> Problem {
    Problem(.conflict, type, title, detail)
  }

  /// What was there isn't any more, and won't be.
  package static func gone(_ type: String, _ title: String, _ detail: String?) -> Problem {
    Problem(.gone, type, title, detail)
  }

  package static func methodNotAllowed(allowed: [String]) -> Problem {
    let list = allowed.joined(separator: ", ")
    return Problem(
      .methodNotAllowed, "method-not-allowed", "The resource doesn't take this method.",
      "It takes: \(list).", headers: [.allow: list])
  }

  package static func tooLarge(limit: Int) -> Problem {
    Problem(
      .contentTooLarge, "too-large", "The body is too large.",
      "At most \(limit) bytes are accepted.", headers: [.connection: "close"])
  }

  package static let unsupportedMediaType = Problem(
    .unsupportedMediaType, "unsupported-media-type", "The body must be JSON.",
    "Send it with Content-Type: application/json.")

  package static func tooManyRequests(retryAfterSeconds: Int) -> Problem {
    Problem(
      .tooManyRequests, "too-many-requests", "Too many requests.",
      "Try again in \(retryAfterSeconds) s.",
      headers: [.retryAfter: String(retryAfterSeconds)])
  }

  package static let `internal` = Problem(
    .internalServerError, "internal", "The server failed.",
    "The failure is in the server's log under the request's id.")

  package static let unavailable = Problem(
    .serviceUnavailable, "unavailable", "The server can't take the request now.",
    "Try again shortly.", headers: [.retryAfter: "1"])
}
