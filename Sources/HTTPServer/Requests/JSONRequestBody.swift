internal import HTTPTypes
package import Hummingbird
package import JSON
internal import NIOCore

/// A request's body: bounded bytes that are a JSON object.
package struct JSONRequestBody: Sendable {
  /// As it came, for the hash of an idempotent request.
  package let bytes: [UInt8]
  package let json: JSONValue

  /// What a body may have unless its route says otherwise.
  package static let byteLimit = 65_536

  /// Collects and parses the body. Problems: 415 where it isn't said to be JSON, 413 beyond the
  /// limit, 400 where it isn't JSON.
  package init(_ request: Request, byteLimit: Int = JSONRequestBody.byteLimit) async throws {
    guard let type = request.headers[.contentType], Self.isJSON(type) else {
      throw Problem.unsupportedMediaType
    }
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > byteLimit {
      throw Problem.tooLarge(limit: byteLimit)
    }
    do {
      let buffer = try await request.body.collect(upTo: byteLimit)
      bytes = Array(buffer.readableBytesView)
    } catch is NIOTooManyBytesError {
      throw Problem.tooLarge(limit: byteLimit)
    }
    do {
      json = try JSONValue(parsing: bytes)
    } catch {
      throw Problem.badRequest("invalid-json", "The body isn't valid JSON.", "\(error)")
    }
  }

  private static func isJSON(_ contentType: String) -> Bool {
    // As nearly everyone writes it.
    if contentType == "application/json" { return true }
    let mediaType = contentType.split(separator: ";").first.map {
      $0.lowercased().filter { $0 != " " }
    }
    // Types such as application/cloudevents+json are JSON as well (RFC 6839, section 3.1).
    return mediaType == "application/json" || mediaType?.hasSuffix("+json") == true
  }

  /// Reads the object's fields; those that `body` doesn't take are refused.
  package func read<Value>(_ body: (inout JSONFields) throws -> Value) throws -> Value {
    try JSONFields.read(json, body)
  }
}
