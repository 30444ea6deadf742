package import Bytes
internal import Digests
internal import HTTPTypes
package import Hummingbird
internal import Tenancy

/// The `Idempotency-Key` of a request that creates something, and what tells a repetition from
/// another request under the same key.
package struct IdempotencyKey: Sendable, Equatable {
  package let text: String
  /// SHA-256 over method, path and body.
  package let requestHash: Hash32

  package static let headerName = "Idempotency-Key"
  private static let field = HTTPField.Name(headerName)

  /// Problem 400 where the header is missing or isn't 1 to 255 visible ASCII characters.
  package init(_ request: Request, body: [UInt8]) throws(Problem) {
    guard let name = Self.field, let text = request.headers[name] else {
      throw .badRequest(
        "idempotency-key-missing", "The request needs an Idempotency-Key.",
        "Send a header Idempotency-Key with a value of your own for each new request, the same "
          + "when you repeat one.")
    }
    try self.init(
      text, method: request.method.rawValue, path: request.uri.path, body: body)
  }

  package init(_ text: String, method: String, path: String, body: [UInt8]) throws(Problem) {
    guard Self.isValid(text) else {
      throw .badRequest(
        "idempotency-key-invalid", "The Idempotency-Key can't be used.",
        "It must be 1 to 255 visible ASCII characters.")
    }
    self.text = text
    requestHash = SHA256.hash(Array("\(method) \(path)\n".utf8) + body)
  }

  /// Gives each person keys of their own: a reply that was kept for one is nobody else's, though
  /// another sends the same key. The tenant's programs share theirs, as they always have. What
  /// can't be a key stays as it is, and is refused.
  static func apart(_ request: Request, of principal: Principal) -> Request {
    guard principal.kind == .token, let field, let text = request.headers[field], isValid(text)
    else { return request }
    var head = request.head
    head.headerFields[field] =
      "user:" + SHA256.hash(Array("\(principal.subject)\n\(text)".utf8)).hex
    return Request(head: head, body: request.body)
  }

  private static func isValid(_ text: String) -> Bool {
    (1...255).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
  }
}
