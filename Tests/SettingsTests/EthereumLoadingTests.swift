import Bytes
import ChainTypes
import Settings
import TestSupport
import Testing

@Suite("EVM chains in the configuration")
struct EthereumLoadingTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func text(_ chains: String, _ more: String = "") -> String {
    """
    region: eu-1
    database: {sqlite: db}
    chains_directory: \(SettingsText.chains)
    chains:
    \(chains)
    \(more)
    """
  }

  private func load(_ chains: String, _ more: String = "") throws -> PaywatchConfiguration {
    try PaywatchConfiguration.load(directory.write("paywatch.yaml", text(chains, more)))
  }

  private func mistakes(_ chains: String, _ more: String = "") throws -> [String] {
    let error = #expect(throws: ConfigurationError.self) { try load(chains, more) }
    return error?.mistakes.map { "\($0.line ?? 0) \($0.path)" } ?? []
  }

  private static let node = "nodes: [{url: \"http://127.0.0.1:8545\"}]"
  private static let ethereum = "  - {name: ethereum, \(node)}"
  private static let base = "  - {name: base, \(node)}"
  private static let sepolia = "  - {name: ethereum-sepolia, \(node)}"
  private static let bitcoin = "  - {name: bitcoin, \(node)}"

  @Test("several EVM chains stand beside one Bitcoin network")
  func several() throws {
    let configuration = try load([Self.bitcoin, Self.ethereum, Self.base].joined(separator: "\n"))
    #expect(configuration.chains.map(\.spec.name.text) == ["bitcoin", "ethereum", "base"])
    #expect(configuration.chains.first?.ethereum == nil)
    let settings = try #require(configuration.chains.last?.ethereum)
    #expect(!settings.traces)
    #expect(settings.balanceProofsPerBlock == 8)
  }

  @Test(
    "a chain whose transactions can't be proved is watched without traces, and credits nothing",
    arguments: ["arbitrum", "polygon"])
  func unproved(name: String) throws {
    func load(_ more: String) throws -> ChainSettings? {
      try self.load("  - {name: \(name)\(more), nodes: [{url: \"http://127.0.0.1:1\"}]}").chains
        .first
    }
    #expect(try load("")?.spec.isCredited == false)
    #expect(throws: ConfigurationError.self) { _ = try load(", traces: true") }
  }

  @Test("traces and a pin are read")
  func settings() throws {
    let hash = "0x25a5cc106eea7138acab33231d7160d69cb777ee0c2c553fcddf5138993e6dd9"
    let configuration = try load(
      """
        - name: ethereum
          traces: true
          balance_proofs_per_block: 40
          start_height: 0
          start_hash: "\(hash)"
          \(Self.node)
      """)
    let chain = try #require(configuration.chains.first)
    let settings = try #require(chain.ethereum)
    #expect(settings.traces)
    #expect(settings.balanceProofsPerBlock == 40)
    #expect(chain.startHash?.hex == String(hash.dropFirst(2)))
  }

  @Test("what is an EVM chain's alone is no setting of Bitcoin's, and hashes are written its way")
  func mistaken() throws {
    #expect(
      try mistakes("  - {name: bitcoin, traces: true, \(Self.node)}") == ["5 chains[0].traces"])
    let digits = String(repeating: "0", count: 64)
    #expect(
      try mistakes(
        "  - {name: ethereum, traces: yes please, start_height: 1, start_hash: \"\(digits)\", "
          + "\(Self.node)}") == ["5 chains[0].traces", "5 chains[0].start_hash"])
    #expect(
      try mistakes("  - {name: ethereum, balance_proofs_per_block: -1, \(Self.node)}")
        == ["5 chains[0].balance_proofs_per_block"])
    #expect(
      try mistakes("  - {name: bitcoin, balance_proofs_per_block: 8, \(Self.node)}")
        == ["5 chains[0].balance_proofs_per_block"])
  }

  @Test("test coins and real ones don't share a database, and a chain id stands once")
  func conflicts() throws {
    #expect(try mistakes("\(Self.ethereum)\n\(Self.sepolia)") == ["6 chains[1].name"])
    let own = try directory.write(
      "other.yaml",
      """
      name: other
      family: ethereum
      network: mainnet
      chain_id: 1
      profile: ethereum
      genesis_hash: "0x\(String(repeating: "0", count: 64))"
      asset: {symbol: ETH, decimals: 18}
      finality_depth: 8
      block_milliseconds: 12000
      stall_seconds: 60
      dust_limit: "0"
      confirmations: [{from: "0", depth: 1}]
      credit_limits: {single: none, quorum: none}
      """)
    #expect(
      try mistakes("\(Self.ethereum)\n  - {name: other, spec: \(own), \(Self.node)}")
        == ["6 chains[1].name"])
  }

  @Test("a URL with a key in it comes from a file and never shows")
  func secretURL() throws {
    try directory.write("url", "https://mainnet.example/v3/hunter2\n")
    let configuration = try load("  - {name: ethereum, nodes: [{url_file: url}]}")
    let node = try #require(configuration.chains.first?.nodes.first)
    #expect(node.url.text == "https://mainnet.example/v3/hunter2")
    #expect(!"\(configuration)".contains("hunter2"))
    try directory.write("ftp", "ftp://mainnet.example/hunter2\n")
    let error = #expect(throws: ConfigurationError.self) {
      try load("  - {name: ethereum, nodes: [{url_file: ftp}]}")
    }
    #expect(error?.description.contains("hunter2") == false)
    #expect(
      try mistakes("  - {name: ethereum, nodes: [{url_file: url, url: \"http://127.0.0.1\"}]}")
        == ["5 chains[0].nodes[0].url_file"])
    #expect(
      try mistakes("  - {name: ethereum, nodes: [{url_file: none}]}")
        == ["5 chains[0].nodes[0].url_file"])
  }

  private static func tenant(_ policies: String) -> String {
    """
    tenants:
      - id: main
        accounts: [{family: ethereum, descriptor: "[73c5da0a/44h/60h/0h]xpub/0/*"}]
        policies: {\(policies)}
    """
  }

  @Test("a policy's symbol stands for every chain's asset of that name")
  func policies() throws {
    let configuration = try load(
      [Self.ethereum, Self.base].joined(separator: "\n"),
      Self.tenant("tolerance: {USDC: \"0.5\", ETH: \"0.001\"}"))
    let tenant = try #require(configuration.tenants.first)
    #expect(tenant.accounts.first?.family == .ethereum)
    let assets = configuration.chains.compactMap { $0.spec.listed("USDC")?.asset }
    #expect(Set(assets).count == 2)
    #expect(assets.allSatisfy { tenant.policies.tolerance[$0]?.minorUnits == 500_000 })
    #expect(tenant.policies.tolerance[.eth]?.units == "0.001000000000000000")
  }

  @Test("only Bitcoin's payments may count before they are in a block")
  func zeroConfirmations() throws {
    #expect(
      try mistakes(Self.ethereum, Self.tenant("zero_conf_max: {ETH: \"0.1\"}"))
        == ["9 tenants[0].policies.zero_conf_max.ETH"])
  }
}
