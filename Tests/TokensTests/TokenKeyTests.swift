import Bytes
import Testing
import TokenIssuing
import Tokens

@Suite("keys of tokens")
struct TokenKeyTests {
  @Test("a key is what its algorithm takes, and nothing else")
  func material() async throws {
    let right: [TokenAlgorithm: String] = [
      .es256: TestKeys.ecdsaPublic, .edDSA: TestKeys.ed25519Public, .rs256: TestKeys.rsaPublic,
      .hs256: TestKeys.secret,
    ]
    let others = [
      TestKeys.ecdsa, TestKeys.ed25519, TestKeys.rsa, TestKeys.p384Public,
      TestKeys.shortRSAPublic, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "x",
    ]
    for algorithm in TokenAlgorithm.allCases where algorithm != .hs256 {
      for (name, material) in right {
        let key = try? await TokenKey(id: "k", algorithm: algorithm, material: material)
        #expect((key != nil) == (name == algorithm), "\(name) as \(algorithm)")
      }
      // A private key has no business on a server, not even the right one's.
      for material in others {
        await #expect(throws: TokenKey.Failure.self, "\(algorithm) \(material.prefix(60))") {
          try await TokenKey(id: "k", algorithm: algorithm, material: material)
        }
      }
    }
  }

  @Test("a secret has at least as many bytes as its hash, and an id some, but not many")
  func bounds() async throws {
    for count in [0, 1, 31] {
      await #expect(throws: TokenKey.Failure.self) {
        try await TokenKey(
          id: "k", algorithm: .hs256, material: String(repeating: "s", count: count))
      }
    }
    let secret = String(repeating: "s", count: 32)
    _ = try await TokenKey(id: "k", algorithm: .hs256, material: secret)
    for id in ["", String(repeating: "k", count: 129)] {
      await #expect(throws: TokenKey.Failure.self) {
        try await TokenKey(id: id, algorithm: .hs256, material: secret)
      }
    }
  }

  @Test("nothing of a key stands in what is said of it")
  func silence() async throws {
    for algorithm in TokenAlgorithm.allCases {
      do {
        _ = try await TokenKey(id: "k", algorithm: algorithm, material: "a secret, too short")
        Issue.record("it was taken")
      } catch {
        #expect(!"\(error)".contains("a secret, too short"))
      }
    }
  }

  private static let set = """
    {"keys":[
      {"kid":"a","kty":"EC","crv":"P-256","alg":"ES256","use":"sig",
       "x":"\(TestKeys.ecdsaX)","y":"\(TestKeys.ecdsaY)"},
      {"kid":"b","kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"\(TestKeys.ed25519X)"},
      {"kid":"c","kty":"RSA","alg":"RS256","e":"AQAB","n":"\(TestKeys.rsaN)","x5t":"?"}]}
    """

  @Test("the keys of a set verify what their private halves signed")
  func set() async throws {
    let keys = try await TokenKey.keys(ofSet: Self.set)
    #expect(keys.map(\.id) == ["a", "b", "c"])
    #expect(keys.map(\.algorithm) == [.es256, .edDSA, .rs256])
    let rules = TokenVerifier.Rules(
      issuer: TokenScene.issuer, audience: TokenScene.audience, leewaySeconds: 0,
      maximumLifetimeSeconds: 3_600)
    let verifier = try #require(TokenVerifier(rules, keys: keys))
    for (id, algorithm, own) in [
      ("a", TokenAlgorithm.es256, TestKeys.ecdsa), ("b", .edDSA, TestKeys.ed25519),
      ("c", .rs256, TestKeys.rsa),
    ] {
      let issuer = try await TokenIssuer(id: id, algorithm: algorithm, material: own)
      let token = try issuer.token(TokenScene.claims())
      #expect(try verifier.claims(of: token, now: TokenScene.now).subject == "anna")
    }
    #expect(TokenVerifier(rules, keys: keys + keys) == nil)
  }

  @Test(
    "a set with a key that can't be used is refused as a whole",
    arguments: [
      (#""kid":"a","#, ""), (#""alg":"ES256","#, ""), (#""alg":"ES256""#, #""alg":"HS256""#),
      (#""alg":"ES256""#, #""alg":"RS256""#), (#""use":"sig""#, #""use":"enc""#),
      (#""crv":"P-256""#, #""crv":"P-384""#), (#""kty":"EC""#, #""kty":"oct","k":"c2VjcmV0""#),
      (#""kid":"b","#, #""kid":"b","d":"AAAA","#), (#""e":"AQAB","#, ""),
      (#""kid":"c","#, #""kid":"c","kid":"c","#), ("{\"keys\"", "{\"key\""), ("]}", "]"),
    ])
  func unusable(part: String, other: String) async throws {
    let text = Self.set.replacing(part, with: other, maxReplacements: 1)
    #expect(text != Self.set)
    await #expect(throws: TokenKey.Failure.self) { try await TokenKey.keys(ofSet: text) }
  }

  @Test("Ed25519 by RFC 8037's own example")
  func published() async throws {
    // Its appendix A.4: the key of A.2 signs this.
    let message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    let signature =
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    let set = """
      {"keys":[{"kid":"k","kty":"OKP","crv":"Ed25519","alg":"EdDSA",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}
      """
    let key = try #require(try await TokenKey.keys(ofSet: set).first)
    let bytes = try #require(Base64.decodeURL(signature))
    #expect(key.signed(Array(message.utf8), bytes))
    #expect(!key.signed(Array("\(message) ".utf8), bytes))
  }

  @Test("Base64 for URLs reads what it wrote, and one text only for some bytes")
  func base64() {
    for count in 0..<70 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 250) }
      let text = Base64.encodeURL(bytes)
      #expect(Base64.decodeURL(text) == bytes)
      #expect(!text.contains { "+/=".contains($0) })
    }
    for text in ["A", "AB", "AAA=", "A+AA", "A/AA", "AA A", "AAAA=", "é", "AAAB\n"] {
      #expect(Base64.decodeURL(text) == nil, "\(text)")
    }
    #expect(Base64.decodeURL("-_-_") == Base64.decode("+/+/"))
  }
}
