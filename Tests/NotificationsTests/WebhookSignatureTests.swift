import Foundation
import JSON
import TestSupport
import Testing

@testable import Notifications

@Suite("Signatures of webhooks")
struct WebhookSignatureTests {
  @Test("the specification's own example comes out, with its prefix and without")
  func vectors() throws {
    let file = PackageFiles.root.appending(path: "vectors/webhooks/standard-webhooks.json")
    let vectors = try #require(JSONValue(parsing: Array(Data(contentsOf: file))).elements)
    #expect(!vectors.isEmpty)
    for vector in vectors {
      let text = try #require(vector["secret"]?.string)
      let timestamp = try #require(vector["timestamp"]?.integer(Int64.self))
      for form in [text, String(text.dropFirst(WebhookSecret.prefix.count))] {
        let secret = try #require(WebhookSecret(form))
        #expect(secret.text == text)
        let signature = secret.signature(
          id: try #require(vector["id"]?.string), timestamp: timestamp,
          body: Array(try #require(vector["body"]?.string).utf8))
        #expect(signature == vector["signature"]?.string)
      }
    }
  }

  @Test("every valid secret signs, the newest first")
  func several() {
    let secrets = [WebhookSecret(bytes: [1]), WebhookSecret(bytes: [2])]
    let header = WebhookSecret.signatures(of: secrets, id: "a", timestamp: 1, body: [3])
    #expect(
      header
        == secrets.map { $0.signature(id: "a", timestamp: 1, body: [3]) }.joined(separator: " "))
  }

  @Test("secrets are 32 bytes, never the same, and no text shows one by accident")
  func secrets() throws {
    var generator = SystemRandomNumberGenerator()
    let secrets = (0..<100).map { _ in WebhookSecret.generate(using: &generator) }
    #expect(Set(secrets).count == 100)
    #expect(secrets.allSatisfy { $0.bytes.count == 32 && $0.text.utf8.count == 50 })
    #expect("\(secrets[0])" == "whsec_…")
    for wrong in ["", "whsec_", "whsec_*", "whsec_AA"] { #expect(WebhookSecret(wrong) == nil) }
  }
}
