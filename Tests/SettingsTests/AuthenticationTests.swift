import Settings
import TestSupport
import Testing

@Suite("the settings of people's tokens")
struct AuthenticationTests {
  let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try directory.write(
      "public.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    try directory.write("secret", "hunter2hunter2hunter2hunter2hunter2\n\n")
    try directory.write("empty", "\n")
  }

  private func load(_ jwt: String) throws -> TokenSettings? {
    let lines = jwt.split(separator: "\n").map { "    \($0)\n" }.joined()
    let text = SettingsText.minimal + "authentication:\n  jwt:\n" + lines
    return try PaywatchConfiguration.load(directory.write("paywatch.yaml", text)).tokens
  }

  private func mistakes(_ jwt: String) throws -> [String] {
    let error = #expect(throws: ConfigurationError.self) { try load(jwt) }
    return error?.mistakes.map(\.path) ?? []
  }

  private static let whole = """
    issuer: https://login.example
    audience: paywatch
    keys:
      - {id: one, algorithm: ES256, file: public.pem}
      - {id: two, algorithm: HS256, file: secret}
    """

  @Test("keys come from files, each with its algorithm, and times have defaults")
  func whole() throws {
    let tokens = try #require(try load(Self.whole))
    #expect(tokens.issuer == "https://login.example" && tokens.audience == "paywatch")
    #expect(tokens.leewaySeconds == 30 && tokens.maximumLifetimeSeconds == 86_400)
    #expect(tokens.keys.map(\.id) == ["one", "two"])
    #expect(tokens.keys.map(\.algorithm) == [.es256, .hs256])
    #expect(tokens.keys[1].material == Secret("hunter2hunter2hunter2hunter2hunter2"))
    #expect(tokens.keySet == nil)
    #expect(!"\(tokens)".contains("hunter2"))
  }

  @Test("without it no tokens are taken")
  func absent() throws {
    let path = try directory.write("paywatch.yaml", SettingsText.minimal)
    #expect(try PaywatchConfiguration.load(path).tokens == nil)
  }

  @Test("a key set's file is read as it is")
  func keySet() throws {
    try directory.write("jwks.json", #"{"keys":[]}"#)
    let tokens = try load("issuer: a\naudience: b\nleeway_seconds: 0\njwks_file: jwks.json")
    #expect(tokens?.keySet == Secret(#"{"keys":[]}"#) && tokens?.keys == [])
    #expect(tokens?.leewaySeconds == 0)
  }

  @Test(
    "each mistake has its place",
    arguments: [
      ("issuer: https://login.example", "", "authentication.jwt.issuer"),
      ("audience: paywatch", "", "authentication.jwt.audience"),
      (
        "audience: paywatch", "audience: p\nleeway_seconds: 61", "authentication.jwt.leeway_seconds"
      ),
      (
        "audience: paywatch", "audience: p\nmaximum_lifetime_seconds: 5",
        "authentication.jwt.maximum_lifetime_seconds"
      ),
      ("algorithm: ES256", "algorithm: none", "authentication.jwt.keys[0].algorithm"),
      ("algorithm: ES256, ", "", "authentication.jwt.keys[0].algorithm"),
      ("file: public.pem", "file: nowhere", "authentication.jwt.keys[0].file"),
      ("file: public.pem", "file: empty", "authentication.jwt.keys[0].file"),
      (", file: public.pem", "", "authentication.jwt.keys[0].file"),
      ("id: two", "id: one", "authentication.jwt.keys[1].id"),
      ("id: two, ", "", "authentication.jwt.keys[1].id"),
      ("audience: paywatch", "audience: p\njwks_url: https://x", "authentication.jwt.jwks_url"),
    ])
  func misplaced(part: String, other: String, path: String) throws {
    let text = Self.whole.replacing(part, with: other)
    #expect(text != Self.whole)
    #expect(try mistakes(text) == [path])
  }

  @Test("an issuer without any key is a mistake")
  func keyless() throws {
    #expect(try mistakes("issuer: a\naudience: b") == ["authentication.jwt.keys"])
  }
}
