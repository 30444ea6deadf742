import Addresses
import Bitcoin
import ChainSim
import ChainTypes
import Digests
import Foundation
import JSON
import Keys
import LoopbackHTTP
import NodeRPC
import TestSupport
import Testing

/// Everything from the request to the block by programs alone: `paywatch serve` over HTTP, `payctl`
/// on the machine with the keys, a node behind a port.
@Suite("an attested refund through the programs")
struct AttestedRefundTests {
  private static let words = String(repeating: "abandon ", count: 11) + "about\n"

  /// The payer's, who signs for where the money goes back to.
  private static func payer() throws -> PrivateKey {
    try PrivateKey(SecretBytes(copying: [UInt8](repeating: 9, count: 32).span.bytes))
  }

  private static func write(
    _ directory: TemporaryDirectory, node: ChainSimServer
  ) throws -> String {
    let chains = PackageFiles.root.appending(path: "chains").path(percentEncoded: false)
    try directory.write(
      "policy.yaml",
      """
      chains:
        - spec: \(chains)/bitcoin-regtest.yaml
          accounts: ["\(ServeTests.descriptor)"]
          refunds: attested
          attested_by: payers
          maximum_fee: "0.0005"
          maximum_fee_rate: "50"
          limits: [{ asset: BTC, per_transaction: "0.01", per_day: "0.01" }]

      """.utf8)
    return try directory.write(
      "paywatch.yaml",
      """
      region: test
      listen: {port: 0}
      database: {sqlite: paywatch.sqlite}
      chains_directory: \(chains)
      chains:
        - name: bitcoin-regtest
          poll_milliseconds: 100
          nodes: [{url: "\(node.url)"}]
      tenants:
        - id: shop
          accounts: [{descriptor: "\(ServeTests.descriptor)"}]
          policies: {refunds: {require_attestation: true, address_cooldown_seconds: 0}}

      """.utf8)
  }

  @Test("a payer's signature under BIP-0322 takes a refund from HTTP to its final block")
  func whole() async throws {
    let node = SimulatedBitcoinNode(seed: 5, clock: SystemRPCClock()) {
      UInt32(Date.now.timeIntervalSince1970)
    }
    try node.mine(110)
    let server = try await ChainSimServer.start(node)
    let directory = try TemporaryDirectory()
    let config = try Self.write(directory, node: server)
    let database = directory.path("paywatch.sqlite")
    let serving = try Serving(config)
    let port = try await serving.port()
    func payctl(_ arguments: String..., input: String = "") async throws -> Program.Outcome {
      let outcome = try await Program.payctl.finish(arguments, input: input)
      #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
      return outcome
    }
    struct Key: Decodable { let key: String }
    let key = try await payctl(
      "tenant", "key", "create", "--tenant", "shop", "--label", "t", "--database", database,
      "--format", "json"
    ).object(Key.self).key
    func send(
      _ method: String, _ path: String, _ body: String? = nil, as idempotencyKey: String = "k"
    ) async throws -> TestConnection.Answer {
      try await TestConnection(port: port).send(
        method, path,
        headers: ["Authorization": "Bearer \(key)", "Idempotency-Key": idempotencyKey], body: body)
    }

    // Paid twice as much as was asked for.
    var payment: JSONValue = .null
    try await waitUntil("an address is ready") {
      let made = try await send(
        "POST", "/v1/payments",
        #"{"order_id":"1","asset":"BTC","chain":"bitcoin-regtest","amount":"0.001"}"#)
      guard made.status == 201 else { return false }
      payment = try made.json()
      return true
    }
    let id = try #require(payment["id"]?.string)
    let address = try BitcoinAddress(try #require(payment["address"]?.string), network: .regtest)
    try node.pay(address.output.scriptPubKey, value: 200_000)
    try node.mine(6)
    try await waitUntil("it is settled") {
      try await send("GET", "/v1/payments/\(id)").json()["status"] == "settled"
    }

    // The payer signs, and nobody else can in its name.
    let (payer, stranger) = (
      try Self.payer(),
      try PrivateKey(SecretBytes(copying: [UInt8](repeating: 8, count: 32).span.bytes))
    )
    let home = OutputScript.p2wpkh(payer.publicKey.hash160)
    let back = BitcoinAddress(home, network: .regtest).text
    let statement = """
      Paywatch refund
      payment: \(id)
      address: \(back)
      chain: bitcoin-regtest
      asset: BTC
      amount: 0.00100000
      """
    func request(_ key: PrivateKey, _ name: String) async throws -> TestConnection.Answer {
      let script = OutputScript.p2wpkh(key.publicKey.hash160)
      let signature = MessageSignature(of: Array(statement.utf8), by: script, key: key)?.text ?? ""
      let body: JSONValue = [
        "kind": "overpayment", "address": .string(back),
        "attestation": [
          "kind": "bip322", "signer": .string(back), "message": .string(statement),
          "signature": .string(signature),
        ],
      ]
      return try await send("POST", "/v1/payments/\(id)/refunds", body.json, as: name)
    }
    let forged = try await request(stranger, "forged")
    #expect(forged.status == 422, "\(forged.body)")
    let made = try await request(payer, "sound")
    try #require(made.status == 201, "\(made.body)")
    let refund = try #require(try made.json()["id"]?.string)
    #expect(try made.json()["attested"] == true)

    // Made, signed apart, sent.
    let place = ["--config", config, "--chain", "bitcoin-regtest", "--tenant", "shop"]
    let batch = directory.path("batch.json")
    let built = try await Program.payctl.finish(["payout", "build", "--out", batch] + place)
    try #require(built.status == 0, "\(built.errors)")
    let signing = ["sign", batch, "--policy", directory.path("policy.yaml")]
    let shown = try await Program.payctl.finish(signing + ["--show"])
    #expect(shown.status == 0, "\(shown.errors)")
    #expect(shown.output.contains("attested by the address itself"), "\(shown.output)")
    // Another amount under the same signature, as a server might have it that lies.
    let file = try String(contentsOf: URL(filePath: batch), encoding: .utf8)
    let other = file.replacing("amount: 0.00100000", with: "amount: 0.00200000")
    try #require(other != file)
    let changed = try directory.write("changed.json", other.utf8)
    let refused = try await Program.payctl.finish(
      ["sign", changed, "--policy", directory.path("policy.yaml"), "--show"])
    #expect(refused.status == 1 && refused.errors.contains("isn't \(back)'s"), "\(refused.errors)")
    let signed = try await Program.payctl.finish(
      signing + ["--words", "--yes"], input: Self.words)
    try #require(signed.status == 0, "\(signed.errors)")
    let sent = try await Program.payctl.finish(
      ["payout", "broadcast", batch + ".signed"] + place)
    try #require(sent.status == 0, "\(sent.errors)")
    try node.mine(6)
    try await waitUntil("the refund is final") {
      try await send("GET", "/v1/refunds/\(refund)").json()["status"] == "final"
    }
    #expect(try await send("GET", "/v1/payments/\(id)").json()["refund_status"] == "partial")
    let books = try await payctl("reconcile", "--config", config)
    #expect(books.errors.contains("0 differences"), "\(books.errors)")
    #expect(await serving.end() == 0)
    await server.stop()
  }
}
