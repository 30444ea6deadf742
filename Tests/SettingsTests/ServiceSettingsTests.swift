import Settings
import TestSupport
import Testing

@Suite("the settings of services in other processes")
struct ServiceSettingsTests {
  let directory: TemporaryDirectory

  private static let token = "0123456789abcdef0123456789abcdef"

  init() throws {
    directory = try TemporaryDirectory()
    try directory.write("token", "\(Self.token)\nfedcba9876543210fedcba9876543210\n")
    try directory.write("pem", "-----BEGIN CERTIFICATE-----\n")
  }

  private func load(
    _ services: String, _ environment: [String: String] = [:]
  ) throws -> ServiceSettings {
    try PaywatchConfiguration.load(
      directory.write("paywatch.yaml", "\(SettingsText.minimal)\n\(services)\n"),
      environment: environment
    ).services
  }

  private func mistakes(
    _ services: String, _ environment: [String: String] = [:]
  ) throws -> [String] {
    let error = #expect(throws: ConfigurationError.self) { try load(services, environment) }
    #expect(error?.description.contains(Self.token) == false)
    return error?.mistakes.map { "\($0.line ?? 0) \($0.path)" } ?? []
  }

  @Test("nothing of it means that this process asks itself")
  func embedded() throws {
    let settings = try load("")
    #expect(settings.listen == nil && settings.supply == nil && settings.payments == nil)
    #expect(settings.prices == nil)
    #expect(settings.tokens == [] && settings.events == .database)
  }

  @Test("whom to ask, where to answer, by which tokens, and where events come from")
  func complete() throws {
    let settings = try load(
      """
      kafka: { brokers: "kafka-1:9092", topics: [order-events] }
      services:
        listen: 0.0.0.0:8090
        supply: { address: supply.internal:8090 }
        payments: { address: "[fd00::1]:1" }
        token_file: token
        tls: { certificate: pem, key: pem, authority: pem }
        events: kafka
      """)
    #expect(settings.listen == .init(host: "0.0.0.0", port: 8_090))
    #expect(settings.supply == .init(host: "supply.internal", port: 8_090))
    #expect(settings.payments == .init(host: "fd00::1", port: 1))
    #expect(
      settings.tokens == [Secret(Self.token), Secret("fedcba9876543210fedcba9876543210")])
    #expect(settings.tls?.authority == directory.path("pem"))
    #expect(settings.events == .kafka)
  }

  @Test("who asks another process for rates needs their pairs, and no sources of its own")
  func rates() throws {
    let address = "services: {token_file: token, prices: {address: 'localhost:8090'}}"
    #expect(try mistakes(address) == ["10 services.prices"])
    let pairs = "prices: {pairs: [BTC-USD]}"
    #expect(try load("\(address)\n\(pairs)").prices == .init(host: "localhost", port: 8_090))
    #expect(try mistakes(pairs).count == 1)
  }

  @Test("the environment alone can name another process, and the tokens")
  func environment() throws {
    let settings = try load(
      "",
      [
        "PAYWATCH_SERVICES_SUPPLY_ADDRESS": "127.0.0.1:8090",
        "PAYWATCH_SERVICES_TOKEN": "\(Self.token) fedcba9876543210fedcba9876543210",
      ])
    #expect(settings.supply == .init(host: "127.0.0.1", port: 8_090))
    #expect(settings.tokens.count == 2)
  }

  @Test(
    "calls go unencrypted on this machine only, or where that is allowed",
    arguments: [
      ("127.0.0.1", true), ("localhost", true), ("[::1]", true), ("127.9.9.9", true),
      ("10.0.0.1", false), ("supply", false), ("127.example.com", false), ("0.0.0.0", false),
    ])
  func plaintext(host: String, isAllowed: Bool) throws {
    for setting in [#"listen: "\#(host):8090""#, #"supply: {address: "\#(host):8090"}"#] {
      let services = "services: {token_file: token, \(setting)"
      if isAllowed {
        _ = try load("\(services)}")
      } else {
        #expect(try mistakes("\(services)}").count == 1)
        _ = try load("\(services), plaintext: true}")
      }
    }
    if !isAllowed {
      // Who shows no certificate can ask in TLS, but not listen.
      _ = try load("services: {token_file: token, supply: {address: 'a:1'}, tls: {authority: pem}}")
      #expect(
        try mistakes("services: {token_file: token, listen: 'a:1', tls: {authority: pem}}")
          == ["10 services.tls"])
    }
  }

  @Test(
    "an address is host:port",
    arguments: [
      "supply", "supply:", ":8090", "supply:0", "supply:65536", "supply:-1", "[::1:8090",
      "::1:8090",
      "http://supply:8090", "user@supply:8090", "a b:1",
    ])
  func addresses(text: String) throws {
    #expect(
      try mistakes(
        "services: {token_file: token, plaintext: true, supply: {address: '\(text)'}}")
        == ["10 services.supply.address"])
  }

  @Test("mistakes are told with their lines, and no token with them")
  func wrong() throws {
    try directory.write("short", "short\n")
    #expect(
      try mistakes(
        """
        services:
          supply: {}
          token: \(Self.token)
          events: kafka
          tls: { certificate: nowhere, key: pem }
          retries: 3
        """
      ).sorted() == [
        "11 services.supply.address", "12 services.token", "13 services.events",
        "14 services.tls.certificate", "15 services.retries",
      ])
    #expect(
      try mistakes("services: {supply: {address: 'localhost:1'}}")
        == ["10 services.token_file"])
    #expect(
      try mistakes("services: {supply: {address: 'localhost:1'}, token_file: short}")
        == ["10 services.token_file"])
    #expect(
      try mistakes("services: {token_file: nowhere}") == ["10 services.token_file"])
    #expect(
      try mistakes("services: {tls: {certificate: pem}}") == ["10 services.tls.key"])
  }
}
