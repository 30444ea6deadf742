internal import Bytes
internal import Digests

/// What a webhook's requests are signed with, by Standard Webhooks (standardwebhooks.com, 1.0,
/// symmetric signatures): shared by us and the endpoint alone.
package struct WebhookSecret: Hashable, Sendable, CustomStringConvertible {
  package let bytes: [UInt8]

  package static let prefix = "whsec_"
  package static let byteCount = 32

  package init(bytes: [UInt8]) { self.bytes = bytes }

  /// 32 bytes of the generator.
  package static func generate(using generator: inout some RandomNumberGenerator) -> WebhookSecret {
    WebhookSecret(
      bytes: (0..<byteCount / 8).flatMap { _ in
        let word: UInt64 = generator.next()
        return withUnsafeBytes(of: word) { Array($0) }
      })
  }

  /// From `whsec_` and Base64, or Base64 alone; nil where it is neither.
  package init?(_ text: String) {
    let digits = text.hasPrefix(Self.prefix) ? text.dropFirst(Self.prefix.count) : text[...]
    guard let bytes = Base64.decode(String(digits)), !bytes.isEmpty else { return nil }
    self.bytes = bytes
  }

  /// As its owner is shown it, once.
  package var text: String { Self.prefix + Base64.encode(bytes) }

  /// Shows nothing.
  package var description: String { "\(Self.prefix)…" }

  /// One signature: `v1,` and the Base64 of HMAC-SHA256 over id, timestamp and body, separated by
  /// full stops.
  ///
  /// - Parameter timestamp: seconds since 1970
  package func signature(id: String, timestamp: Int64, body: [UInt8]) -> String {
    let message = Array("\(id).\(timestamp).".utf8) + body
    let code = HMACSHA256.code(for: message.span.bytes, key: bytes.span.bytes)
    return "v1," + Base64.encode(code.bytes)
  }

  /// The header's value: a signature by each secret that is valid.
  package static func signatures(
    of secrets: [WebhookSecret], id: String, timestamp: Int64, body: [UInt8]
  ) -> String {
    secrets.map { $0.signature(id: id, timestamp: timestamp, body: body) }
      .joined(separator: " ")
  }
}
