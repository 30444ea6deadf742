import Bytes
import ChainTypes
import Foundation
import Keys
import Settings
import TestSupport
import Testing

@Suite("the configuration file")
struct LoadingTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func load(
    _ text: String, _ environment: [String: String] = [:]
  ) throws -> PaywatchConfiguration {
    try PaywatchConfiguration.load(
      directory.write("paywatch.yaml", text), environment: environment)
  }

  private func mistakes(
    _ text: String, _ environment: [String: String] = [:]
  ) throws -> [ConfigurationError.Mistake] {
    let error = #expect(throws: ConfigurationError.self) { try load(text, environment) }
    return error?.mistakes ?? []
  }

  @Test("the example is complete and correct")
  func example() throws {
    let path = PackageFiles.root.appending(path: "deploy/paywatch.example.yaml")
    let configuration = try PaywatchConfiguration.load(path.path(percentEncoded: false))
    #expect(configuration.region == "eu-1")
    let chain = try #require(configuration.chains.first)
    #expect(chain.spec.name.text == "bitcoin")
    #expect(chain.startHeight == 840_000)
    #expect(chain.nodes.map(\.credentials) == [.cookieFile("/var/lib/bitcoind/.cookie")])
    let tenant = try #require(configuration.tenants.first)
    #expect(tenant.policies.tolerance[.btc]?.minorUnits == UInt256(100))
    #expect(tenant.policies.zeroConfirmationMaximum.isEmpty)
    #expect(tenant.policies.expiry.defaultSeconds == 900)
    #expect(tenant.accounts.first?.descriptor.contains("#") == true)
  }

  @Test("defaults fill what a small file leaves out, and paths are seen from the file")
  func defaults() throws {
    let configuration = try load(SettingsText.minimal)
    #expect(configuration.listen.host == "127.0.0.1")
    #expect(configuration.listen.port == 8080)
    #expect(configuration.restoreEpoch == 0)
    #expect(configuration.logLevel == .info)
    #expect(configuration.chains.first?.quorum == 1)
    #expect(configuration.chains.first?.nodes.first?.name == "node-1")
    #expect(configuration.addressPool.ready == 1_000)
    #expect(configuration.addressPool.derivation == .batched)
    #expect(configuration.tenants.isEmpty)
    #expect(
      configuration.database
        == .sqlite(
          path: directory.url.appending(path: "paywatch.sqlite").path(percentEncoded: false)))
    #expect(configuration.kafka == nil)
    #expect(configuration.redis == nil)
  }

  @Test("an environment variable overrides one value, also in a list")
  func overrides() throws {
    let configuration = try load(
      SettingsText.minimal,
      [
        "PAYWATCH_LISTEN_PORT": "0", "PAYWATCH_LOG_LEVEL": "debug",
        "PAYWATCH_CHAINS_0_NODES_0_URL": "http://10.0.0.5:18443",
        "PAYWATCH_ADDRESS_POOL_DERIVATION": "libsecp256k1", "HOME": "/",
      ])
    #expect(configuration.addressPool.derivation == .libsecp256k1)
    #expect(configuration.listen.port == 0)
    #expect(configuration.logLevel == .debug)
    #expect(configuration.chains.first?.nodes.first?.url.text == "http://10.0.0.5:18443")
  }

  @Test("an environment variable that names no setting is a mistake")
  func unknownVariable() throws {
    let found = try mistakes(SettingsText.minimal, ["PAYWATCH_LISTEN_PROT": "1"])
    #expect(found.map(\.path) == ["PAYWATCH_LISTEN_PROT"])
  }

  @Test("a way of deriving keys that there isn't is a mistake")
  func unknownDerivation() throws {
    let found = try mistakes(
      SettingsText.minimal, ["PAYWATCH_ADDRESS_POOL_DERIVATION": "fastest"])
    #expect(found.map(\.path) == ["address_pool.derivation"])
    #expect(found.first?.message.contains("batched, libsecp256k1") == true)
  }

  @Test("all mistakes are told at once, each with its line")
  func collected() throws {
    let found = try mistakes(
      """
      region: EU 1
      listen:
        port: 70000
        hots: 0.0.0.0
      database: {sqlite: db}
      chains_directory: \(SettingsText.chains)
      chains:
        - name: bitcoin-regtest
          quorum: 3
          start_hash: 00
          nodes:
            - url: ftp://127.0.0.1
            - url: http://user:pass@127.0.0.1
              password_file: nowhere
      tenants:
        - id: main
          policies:
            late: maybe
            tolerance: {BTC: "1e-8", ETH: "1"}
      """)
    #expect(
      found.map { "\($0.line ?? 0) \($0.path)" }.sorted()
        == [
          "1 region", "10 chains[0].start_hash",
          "12 chains[0].nodes[0].url", "13 chains[0].nodes[1].url",
          "14 chains[0].nodes[1].password_file", "16 tenants[0].accounts",
          "18 tenants[0].policies.late",
          "19 tenants[0].policies.tolerance.BTC", "19 tenants[0].policies.tolerance.ETH",
          "3 listen.port", "4 listen.hots", "9 chains[0].quorum",
        ].sorted())
    #expect(!found.description.contains("user:pass"))
  }

  @Test("what is empty is a mistake, wherever the emptiness comes from")
  func empty() throws {
    let found = try mistakes(
      """
      region: ""
      database: {sqlite: ""}
      chains_directory: \(SettingsText.chains)
      chains:
        - name: bitcoin-regtest
          start_hash: \(String(repeating: "0", count: 64))
          nodes: []
      tenants:
        - id: ""
          accounts: []
      """, ["PAYWATCH_LISTEN_HOST": ""])
    #expect(
      found.map { "\($0.line ?? 0) \($0.path)" }
        == [
          "1 region", "1 listen.host", "2 database.sqlite", "7 chains[0].nodes",
          "6 chains[0].start_hash", "9 tenants[0].id", "10 tenants[0].accounts",
        ])
    #expect(try mistakes("region: a\ndatabase: {sqlite: db}\nchains: []").map(\.path) == ["chains"])
  }

  @Test("a start_height from the environment belongs to the file's start_hash")
  func startFromEnvironment() throws {
    let hash = String(repeating: "0", count: 64)
    let text = SettingsText.minimal.replacing(
      "- name: bitcoin-regtest", with: "- name: bitcoin-regtest\n    start_hash: \(hash)")
    #expect(try mistakes(text).map(\.path) == ["chains[0].start_hash"])
    let configuration = try load(text, ["PAYWATCH_CHAINS_0_START_HEIGHT": "7"])
    #expect(configuration.chains.first?.startHeight == 7)
  }

  @Test("two accounts with one descriptor would share their addresses")
  func sharedDescriptor() throws {
    let account = "{id: a, accounts: [{descriptor: x}]}"
    let text =
      SettingsText.minimal
      + "\ntenants: [\(account), \(account.replacing("id: a", with: "id: b"))]"
    #expect(try mistakes(text).map(\.path) == ["tenants[1].accounts[0].descriptor"])
  }

  @Test("a password comes from its file and never shows")
  func password() throws {
    try directory.write("secret", "hunter2\n")
    let configuration = try load(
      SettingsText.minimal
        + """
                user: paywatch
                password_file: secret
        """)
    let node = try #require(configuration.chains.first?.nodes.first)
    #expect(node.credentials == .password(user: "paywatch", Secret("hunter2")))
    #expect(!"\(configuration)".contains("hunter2"))
    var dumped = ""
    dump(configuration, to: &dumped)
    #expect(!dumped.contains("hunter2"))
  }

  @Test("what isn't YAML, or no mapping, or not there, is one clear mistake")
  func unreadable() throws {
    #expect(try mistakes("a: [1\nb: 2").first?.line != nil)
    #expect(try mistakes("a: 1\na: 2").first?.message.contains("twice") == true)
    #expect(try mistakes("- 1").count == 1)
    #expect(try mistakes("").count == 1)
    let error = #expect(throws: ConfigurationError.self) {
      try PaywatchConfiguration.load(directory.url.appending(path: "none").path())
    }
    #expect(error?.mistakes.count == 1)
  }
}
