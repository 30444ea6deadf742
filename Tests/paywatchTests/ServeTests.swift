import EventLog
import Foundation
import Kafka
import LoopbackHTTP
import TestSupport
import Testing

@Suite("paywatch serve and check-config")
struct ServeTests {
  /// Of BIP-0084's published words, on test networks.
  static let descriptor =
    "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39"
    + "yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/0/*)#evh9fu0w"

  /// A configuration of one node that isn't there.
  static func configuration(
    _ descriptor: String = descriptor, chain: String = "", tenant: String = "shop"
  ) -> String {
    """
    region: test
    listen: {port: 0}
    database: {sqlite: paywatch.sqlite}
    chains_directory: \(PackageFiles.root.appending(path: "chains").path)
    chains:
      - name: bitcoin-regtest
        \(chain)
        nodes: [{url: "http://127.0.0.1:9"}]
    tenants:
      - {id: \(tenant), accounts: [{descriptor: "\(descriptor)"}]}
    """
  }

  private struct Described: Decodable {
    let descriptor: String
  }

  private func check(_ text: String) async throws -> Program.Outcome {
    let directory = try TemporaryDirectory()
    let path = try directory.write("paywatch.yaml", Array(text.utf8))
    return try await Program.paywatch.finish(["check-config", path])
  }

  @Test("the example is right, and what it says is shown")
  func example() async throws {
    let outcome = try await Program.paywatch.finish(
      ["check-config", "deploy/paywatch.example.yaml"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("chain bitcoin: 1 of 1 nodes (core-1)"))
    #expect(outcome.output.contains("headers prove work above the pinned block"))
    #expect(outcome.output.contains("largest payment: 18.75000000 BTC"))
  }

  /// The first account of Hardhat's published words, and two EVM chains.
  private static func ethereum(chains: String = "") -> String {
    let account =
      "[16a93ed0/44h/60h/0h]xpub6Ce9NcJvTk36xtLSrJLZqE7wtgA5deCeYs7rSQtreh4cj"
      + "6ByPtrg9sD7V2FNFLPnf8heNP3FGkeV9qwfzvZNSd54JoNXVsXFYSYwHsnJxqP/0/*"
    return """
      region: test
      listen: {port: 0}
      database: {sqlite: paywatch.sqlite}
      chains_directory: \(PackageFiles.root.appending(path: "chains").path)
      chains:
        - {name: ethereum, traces: true, nodes: [{url: "http://127.0.0.1:9"}]}
        - {name: base, nodes: [{url: "http://127.0.0.1:9"}]}
        - name: optimism
          balance_proofs_per_block: 0
          nodes: [{url: "http://127.0.0.1:9"}]
      \(chains)
      tenants:
        - {id: shop, accounts: [{family: ethereum, descriptor: "\(account)"}]}
      """
  }

  @Test("what is configured of EVM chains is explained")
  func ethereumExplained() async throws {
    let bitcoin = "  - {name: bitcoin, nodes: [{url: \"http://127.0.0.1:9\"}]}"
    let outcome = try await check(Self.ethereum(chains: bitcoin))
    #expect(outcome.status == 0, "\(outcome.errors)")
    for line in [
      "  chain id 1, proof profile ethereum",
      "  final: 64 confirmations deep and at or below the block that is finalized",
      "  token USDC: 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48, 6 decimals",
      "  ETH that contracts move is found by traces, and proved by balances",
      "  largest payment in USDC: 15000.000000 USDC",
      "  ETH that contracts move is not credited: that needs nodes with traces; that it came is "
        + "told, by 8 balances a block",
      "  ETH that contracts move is not found: that needs nodes with traces",
      "tenant shop: no account, and so no payments, on bitcoin",
    ] {
      #expect(outcome.lines.contains(line[...]), "\(line)\n\(outcome.output)")
    }
  }

  @Test("a database behind what the brokers hold is served by nobody")
  func behind() async throws {
    let brokers = try MockCluster()
    for topic in EventTopic.allCases { try brokers.createTopic(topic.name, partitions: 2) }
    let producer = try KafkaProducer(
      KafkaConfiguration(brokers: brokers.brokers), transactionalID: nil, log: { _ in })
    try await producer.write { writer in
      let (topic, header) = (CText("payment-events"), CText(RelayPosition.positionHeader))
      let (place, value) = (CText("7"), CText("{}"))
      try writer.add(
        topic: topic.pointer, partition: 1, key: value.bytes, value: value.bytes,
        headers: [KafkaBatchWriter.Header(name: header.pointer, value: place.bytes)])
    }
    await producer.close()
    let directory = try TemporaryDirectory()
    let path = try directory.write(
      "paywatch.yaml",
      Array(
        (Self.configuration() + "\nkafka: {brokers: \"\(brokers.brokers.joined(separator: ","))\"}")
          .utf8))
    let outcome = try await Program.paywatch.finish(
      ["serve", "--config", path, "--roles", "api"])
    #expect(outcome.status != 0)
    #expect(outcome.errors.contains("Restore it with payctl"), "\(outcome.errors)")
  }

  @Test("private keys are refused and not repeated")
  func privateKey() async throws {
    // The master key of BIP-0032's first test vector.
    let key =
      "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBe"
      + "Jgk33yuGBxrMPHi"
    for descriptor in ["wpkh(\(key)/0/*)", key] {
      let outcome = try await check(Self.configuration(descriptor))
      #expect(outcome.status != 0)
      #expect(outcome.errors.contains("tenants[0].accounts[0].descriptor"))
      #expect(!outcome.errors.contains(key) && !outcome.output.contains(key))
    }
  }

  @Test(
    "a descriptor that can't be an account's is refused",
    arguments: ["/0/*", "/1/*", "/2/*", "/0/7", "/*"])
  func branches(path: String) async throws {
    let key = Self.descriptor.prefix { $0 != ")" }.dropLast("/0/*".count)
    let described = try await Program.payctl.finish(
      ["keys", "descriptor", "--network", "regtest", "--format", "json", "\(key)\(path))"])
    let descriptor = try described.object(Described.self).descriptor
    let outcome = try await check(Self.configuration(descriptor))
    #expect((outcome.status == 0) == (path == "/0/*"), "\(outcome.errors)")
    if outcome.status != 0 { #expect(outcome.errors.contains("which ends with /0/*")) }
  }

  @Test("a server starts without its node, answers, and ends on SIGTERM with everything kept")
  func serve() async throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("paywatch.yaml", Array(Self.configuration().utf8))
    let server = try Serving(path)
    let port = try await server.port()
    let health = try await TestConnection(port: port).send("GET", "/api/health").body
    #expect(health.contains(#""name":"database","status":"ok""#))
    #expect(health.contains(#""name":"chain-bitcoin-regtest","status":"degraded""#))
    // Tenants' policies are applied, by whoever holds the lease for it.
    try await waitUntil {
      let metrics = try await TestConnection(port: port).send("GET", "/metrics").body
      return metrics.contains(#"paywatch_lease_held{lease="remedies:test"} 1"#)
        && metrics.contains(#"paywatch_refunds_unfinished{status="requested"} 0"#)
        && metrics.contains(#/paywatch_addresses_free\{.*\} [1-9]/#)
    }
    #expect(await server.end() == 0)
    let listed = try await Program.payctl.finish(
      ["address", "list", "--database", directory.path("paywatch.sqlite")])
    #expect(listed.status == 0, "\(listed.errors)")
    #expect(listed.output.contains("bcrt1q"))
  }

  @Test("a start that doesn't fit the database says what to change")
  func misfits() async throws {
    let directory = try TemporaryDirectory()
    func start(_ text: String) async throws -> Program.Outcome {
      try await Program.paywatch.finish(
        ["serve", "--config", try directory.write("paywatch.yaml", Array(text.utf8))])
    }
    let first = try Serving(
      try directory.write("paywatch.yaml", Array(Self.configuration().utf8)))
    _ = try await first.port()
    #expect(await first.end() == 0)
    let taken = try await start(Self.configuration(tenant: "other"))
    #expect(taken.status != 0)
    #expect(taken.errors.contains("belongs to tenant shop in region test already"))
    let missing = try await start(
      Self.configuration().replacing("paywatch.sqlite", with: "nowhere/paywatch.sqlite"))
    #expect(missing.status != 0)
    #expect(missing.errors.contains("nowhere/paywatch.sqlite can't be used"))
  }

  @Test("a restored database is started with its own restore epoch only", .timeLimit(.minutes(5)))
  func restored() async throws {
    let directory = try TemporaryDirectory()
    func write(_ epoch: Int, _ file: String) throws -> String {
      let text = Self.configuration().replacing("paywatch.sqlite", with: file)
      return try directory.write("paywatch.yaml", "\(text)\nrestore_epoch: \(epoch)\n".utf8)
    }
    let first = try Serving(try write(0, "paywatch.sqlite"))
    _ = try await first.port()
    var listed = ""
    while listed.isEmpty {
      listed = try await Program.payctl.finish(
        [
          "address", "list", "--format", "json", "--database", directory.path("paywatch.sqlite"),
        ]
      ).output
    }
    // While it runs.
    let backup = directory.path("backup")
    let taken = try await Program.payctl.finish(
      ["backup", "--database", directory.path("paywatch.sqlite"), "--to", backup])
    #expect(taken.status == 0, "\(taken.errors)")
    #expect(await first.end() == 0)
    let restored = try await Program.payctl.finish(
      [
        "restore", "--from", backup, "--database", directory.path("restored.sqlite"), "--epoch",
        "1",
      ])
    try #require(restored.status == 0, "\(restored.errors)")
    let old = try await Program.paywatch.finish(
      ["serve", "--config", try write(0, "restored.sqlite")])
    #expect(old.status != 0 && old.errors.contains("Set restore_epoch: 1"), "\(old.errors)")
    let ahead = try await Program.paywatch.finish(
      ["serve", "--config", try write(5, "restored.sqlite")])
    #expect(ahead.status != 0 && ahead.errors.contains("--in-place --epoch 5"), "\(ahead.errors)")
    let second = try Serving(try write(1, "restored.sqlite"))
    _ = try await second.port()
    #expect(await second.end() == 0)
  }
}
