import Bytes
import ChainTypes
import JSON
import Tenancy
import Testing
import TokenIssuing
import Tokens

@Suite("what tokens are believed")
struct TokenVerifierTests {
  private typealias Scene = TokenScene

  @Test("a token by each algorithm says who it is", arguments: TokenAlgorithm.allCases)
  func believed(algorithm: TokenAlgorithm) async throws {
    let scene = try await Scene()
    let claims = try scene.outcome(scene.token(by: algorithm)).get()
    #expect(claims.tenant == "shop" && claims.subject == "anna" && claims.roles == [.barista])
    #expect(claims.expiresAt == Scene.now.adding(seconds: 930))
  }

  @Test("a signature that was changed anywhere is none", arguments: TokenAlgorithm.allCases)
  func changed(algorithm: TokenAlgorithm) async throws {
    let scene = try await Scene()
    let parts = try scene.token(by: algorithm).split(separator: ".").map(String.init)
    let signature = try #require(Base64.decodeURL(parts[2]))
    for place in [0, signature.count / 2, signature.count - 1] {
      var other = signature
      other[place] ^= 1
      let token = "\(parts[0]).\(parts[1]).\(Base64.encodeURL(other))"
      #expect(scene.refusal(token) == .notSigned)
    }
    for cut in [[], Array(signature.dropLast()), signature + [0]] {
      let token = "\(parts[0]).\(parts[1]).\(Base64.encodeURL(cut))"
      #expect(scene.refusal(token) == .notSigned)
    }
    let claims = Base64.encodeURL(Scene.claims([("roles", ["auditor"])]).bytes)
    #expect(scene.refusal("\(parts[0]).\(claims).\(parts[2])") == .notSigned)
  }

  @Test("no token chooses its algorithm, or comes without a signature")
  func algorithms() async throws {
    let scene = try await Scene()
    let claims = Scene.claims().bytes
    for none in ["none", "None", "NONE", "nOnE", ""] {
      for id in TokenAlgorithm.allCases.map({ "key-\($0.rawValue)" }) + ["key-none"] {
        let header: JSONValue = ["alg": .string(none), "typ": "JWT", "kid": .string(id)]
        let message = "\(Base64.encodeURL(header.bytes)).\(Base64.encodeURL(claims))"
        #expect(scene.refusal("\(message).") == .notSigned)
        #expect(scene.refusal("\(message).AAAA") == .notSigned)
      }
    }
    // The public key as an HMAC's secret, under the id of each key.
    for material in [TestKeys.rsaPublic, TestKeys.rsaPublic + "\n", TestKeys.ecdsaPublic] {
      for id in TokenAlgorithm.allCases.map({ "key-\($0.rawValue)" }) {
        let forger = try await TokenIssuer(id: id, algorithm: .hs256, material: material)
        #expect(scene.refusal(try forger.token(Scene.claims())) == .notSigned)
        let other = try forger.token(
          Scene.claims(), header: ["alg": "RS256", "typ": "JWT", "kid": .string(id)])
        #expect(scene.refusal(other) == .notSigned)
      }
    }
    // Each key's own signature under another's algorithm or id.
    for own in TokenAlgorithm.allCases {
      for other in TokenAlgorithm.allCases where other != own {
        for (algorithm, id) in [(own, other), (other, own), (other, other)] {
          let header: JSONValue = [
            "alg": .string(algorithm.rawValue), "typ": "JWT",
            "kid": .string("key-\(id.rawValue)"),
          ]
          let token = try scene.issuer(own).token(Scene.claims(), header: header)
          #expect(scene.refusal(token) == .notSigned, "\(own) as \(algorithm) of \(id)")
        }
      }
    }
  }

  @Test("keys that a token brings along, and keys that nobody knows, aren't looked at")
  func strangers() async throws {
    let scene = try await Scene()
    let key = TokenIssuer.newKey()
    let stranger = try await TokenIssuer(
      id: "key-ES256", algorithm: .es256, material: key.private)
    #expect(scene.refusal(try stranger.token(Scene.claims())) == .notSigned)
    let jwk: JSONValue = [
      "kty": "EC", "crv": "P-256", "x": .string(TestKeys.ecdsaX), "y": .string(TestKeys.ecdsaY),
    ]
    for (name, value) in [
      ("jwk", jwk), ("jku", "https://evil.example/keys"), ("x5u", "https://evil.example/x"),
      ("x5c", ["AAAA"]),
    ] as [(String, JSONValue)] {
      let header: JSONValue = [
        "alg": "ES256", "typ": "JWT", "kid": "key-ES256", name: value,
      ]
      #expect(
        scene.refusal(try stranger.token(Scene.claims(), header: header)) == .notSigned, "\(name)")
    }
    for id in [nil, "", "key-es256", "key-ES256 ", "../key-ES256", "key-XX"] as [String?] {
      let members = [JSONValue.Member("alg", "ES256"), .init("typ", "JWT")]
      let header = JSONValue.object(members + (id.map { [.init("kid", .string($0))] } ?? []))
      let token = try scene.issuer().token(Scene.claims(), header: header)
      #expect(scene.refusal(token) == .notSigned, "\(id ?? "none")")
    }
    let numeric: JSONValue = ["alg": "ES256", "kid": 1]
    #expect(
      scene.refusal(try scene.issuer().token(Scene.claims(), header: numeric)) == .notSigned)
  }

  @Test("another type of token, and what must be understood and isn't, is refused")
  func types() async throws {
    let scene = try await Scene()
    func refusal(_ name: String, _ value: JSONValue) throws -> TokenRefusal? {
      let header: JSONValue = ["alg": "ES256", "kid": "key-ES256", name: value]
      return scene.refusal(try scene.issuer().token(Scene.claims(), header: header))
    }
    for type in ["JWT", "jwt", "at+jwt", "application/at+jwt"] {
      #expect(try refusal("typ", .string(type)) == nil, "\(type)")
    }
    #expect(try refusal("x", "y") == nil)
    for type in ["dpop+jwt", "logout+jwt", "secevent+jwt", "JOSE", ""] {
      #expect(try refusal("typ", .string(type)) == .wrongType, "\(type)")
    }
    #expect(try refusal("typ", 1) == .wrongType)
    #expect(try refusal("crit", ["b64"]) == .wrongType)
    #expect(try refusal("crit", []) == .wrongType)
    #expect(try refusal("zip", "DEF") == .wrongType)
    #expect(try refusal("cty", "JWT") == .wrongType)
  }

  @Test("what isn't three parts of Base64 with two objects is no token, however long it is")
  func malformed() async throws {
    let scene = try await Scene()
    let token = try scene.token()
    let parts = token.split(separator: ".").map(String.init)
    for text in [
      "", ".", "..", "...", "a.b.c", "\(token).x", "\(token)=", " \(token)", "\(token)\n",
      "\(parts[0])=.\(parts[1]).\(parts[2])", "\(parts[0]).\(parts[1])",
      "\(parts[0])..\(parts[2])".replacing("..", with: "."),
      token.replacing("-", with: "+").replacing("_", with: "/") + "+",
      String(repeating: "a", count: 3_000) + "." + String(repeating: "b", count: 3_000) + "."
        + String(repeating: "c", count: 3_000),
      "\u{e9}.\u{e9}.\u{e9}",
    ] {
      #expect(scene.refusal(text) == .malformed, "\(text.prefix(60))")
    }
    // Right, signed, and one byte too long or just not.
    func padded(_ count: Int) throws -> String {
      try scene.token([("note", .string(String(repeating: "x", count: count)))])
    }
    let most = try #require((5_500...6_200).last { (try? padded($0).utf8.count) ?? 9_000 <= 8_192 })
    #expect(scene.refusal(try padded(most)) == nil)
    #expect(scene.refusal(try padded(most + 1)) == .malformed)
  }

  @Test("members that occur twice, and claims that are no object, are refused")
  func duplicates() async throws {
    let scene = try await Scene()
    let issuer = try scene.issuer()
    let claims = Scene.claims().json
    let roles = claims.dropLast() + #","roles":["auditor"]}"#
    #expect(
      scene.refusal(try issuer.token(header: issuer.header.bytes, claims: Array(roles.utf8)))
        == .malformed)
    let header = #"{"alg":"none","alg":"ES256","kid":"key-ES256"}"#
    #expect(
      scene.refusal(try issuer.token(header: Array(header.utf8), claims: Array(claims.utf8)))
        == .malformed)
    for text in ["[]", "null", "\"x\"", "{", "", claims + "x", "\u{feff}\(claims)"] {
      #expect(
        scene.refusal(try issuer.token(header: issuer.header.bytes, claims: Array(text.utf8)))
          == .malformed, "\(text)")
      #expect(
        scene.refusal(try issuer.token(header: Array(text.utf8), claims: Array(claims.utf8)))
          == .malformed, "\(text)")
    }
    let deep = String(repeating: "[", count: 2_000) + String(repeating: "]", count: 2_000)
    let nested = claims.dropLast() + #","x":\#(deep)}"#
    #expect(
      scene.refusal(try issuer.token(header: issuer.header.bytes, claims: Array(nested.utf8)))
        == .malformed)
  }

  @Test(
    "each claim is there and can be used, or is named",
    arguments: [
      ("iss", .null, .claim("iss")), ("iss", 1, .claim("iss")),
      ("iss", "https://login.example/", .otherIssuer),
      ("iss", "HTTPS://login.example", .otherIssuer),
      ("aud", .null, .claim("aud")), ("aud", 7, .claim("aud")), ("aud", "other", .otherAudience),
      ("aud", [], .otherAudience), ("aud", ["other"], .otherAudience),
      ("aud", ["paywatch", 1], .claim("aud")), ("aud", "paywatch2", .otherAudience),
      ("sub", .null, .claim("sub")), ("sub", "", .claim("sub")), ("sub", 3, .claim("sub")),
      ("sub", "a\u{0}", .claim("sub")), ("sub", "a\nb", .claim("sub")),
      ("sub", "a\u{202e}b", .claim("sub")), ("sub", "tenant:shop", .claim("sub")),
      ("sub", .string(String(repeating: "x", count: 129)), .claim("sub")),
      ("tenant", .null, .claim("tenant")), ("tenant", "", .claim("tenant")),
      ("tenant", "Shop", .claim("tenant")), ("tenant", ["shop"], .claim("tenant")),
      ("tenant", "shop' OR 1=1", .claim("tenant")),
      ("roles", .null, .claim("roles")), ("roles", "barista", .claim("roles")),
      ("roles", [], .claim("roles")), ("roles", ["king"], .claim("roles")),
      ("roles", ["barista", "king"], .claim("roles")), ("roles", [1], .claim("roles")),
      ("roles", ["Barista"], .claim("roles")), ("roles", [["barista"]], .claim("roles")),
      ("roles", ["barista": true], .claim("roles")),
      ("roles", .array(Array(repeating: "barista", count: 33)), .claim("roles")),
      ("exp", .null, .claim("exp")), ("exp", "1800000900", .claim("exp")),
      ("exp", .number("1e12"), .claim("exp")), ("exp", .number("-1"), .claim("exp")),
      ("exp", .number("99999999999999999999"), .claim("exp")),
      ("exp", .number("9223372036854775807"), .claim("exp")), ("exp", true, .claim("exp")),
      ("nbf", "soon", .claim("nbf")), ("iat", [], .claim("iat")),
    ] as [(String, JSONValue, TokenRefusal)])
  func claims(name: String, value: JSONValue, refusal: TokenRefusal) async throws {
    let scene = try await Scene()
    #expect(scene.refusal(try scene.token([(name, value)])) == refusal)
  }

  @Test("several audiences and roles, and times with a fraction, are taken")
  func taken() async throws {
    let scene = try await Scene()
    let token = try scene.token([
      ("aud", ["other", "paywatch"]), ("roles", ["customer", "shop_manager", "customer"]),
      ("exp", .number("1800000900.75")), ("nbf", .number("1800000000.5")),
    ])
    let claims = try scene.outcome(token).get()
    #expect(claims.roles == [.customer, .shopManager])
    #expect(claims.expiresAt == Scene.now.adding(seconds: 930))
  }

  @Test("it begins and ends in time, clocks' difference included, and lives no longer than it may")
  func times() async throws {
    let scene = try await Scene()
    let token = try scene.token()
    #expect(scene.refusal(token, at: Scene.now.adding(seconds: 929)) == nil)
    #expect(scene.refusal(token, at: Scene.now.adding(seconds: 930)) == .expired)
    #expect(scene.refusal(token, at: Scene.now.adding(seconds: 99_999)) == .expired)
    #expect(scene.refusal(token, at: Scene.now.adding(seconds: -30)) == nil)
    #expect(scene.refusal(token, at: Scene.now.adding(seconds: -31)) == .notYetValid)
    for name in ["nbf", "iat"] {
      #expect(scene.refusal(try scene.token([(name, .integer(Scene.second + 30))])) == nil)
      #expect(
        scene.refusal(try scene.token([(name, .integer(Scene.second + 31))])) == .notYetValid)
    }
    func lifetime(_ seconds: Int64, issued: JSONValue) throws -> TokenRefusal? {
      scene.refusal(
        try scene.token([("exp", .integer(Scene.second + seconds)), ("iat", issued)]))
    }
    #expect(try lifetime(3_600, issued: .integer(Scene.second)) == nil)
    #expect(try lifetime(3_601, issued: .integer(Scene.second)) == .livesTooLong)
    #expect(try lifetime(10, issued: .integer(Scene.second - 3_591)) == .livesTooLong)
    #expect(try lifetime(3_630, issued: .null) == nil)
    #expect(try lifetime(3_631, issued: .null) == .livesTooLong)
    let strict = try await Scene(leewaySeconds: 0)
    #expect(strict.refusal(token, at: Scene.now.adding(seconds: 900)) == .expired)
  }

  @Test("what is said of a token that nobody here signed tells nothing about it")
  func noOracle() async throws {
    let scene = try await Scene()
    let key = TokenIssuer.newKey()
    let stranger = try await TokenIssuer(
      id: "key-ES256", algorithm: .es256, material: key.private)
    for changes in [
      [], [("exp", 1)], [("iss", "x")], [("roles", ["king"])], [("tenant", "other")],
    ] as [[(String, JSONValue)]] {
      #expect(scene.refusal(try stranger.token(Scene.claims(changes))) == .notSigned)
    }
    for refusal in [
      .malformed, .wrongType, .notSigned, .claim("sub"), .expired, .notYetValid, .livesTooLong,
      .otherIssuer, .otherAudience,
    ] as [TokenRefusal] {
      // It stands in a quoted string of a header.
      #expect(refusal.sentence.utf8.allSatisfy { (0x20...0x7e).contains($0) && $0 != 0x22 })
    }
  }
}
