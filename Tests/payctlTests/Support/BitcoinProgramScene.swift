import Addresses
import Bitcoin
import Bytes
import ChainSim
import ChainTypes
import Database
import Foundation
import Keys
import NodeRPC
import Payments
import Settlement
import TestDatabases
import TestSupport

/// Simulated Bitcoin nodes with the same blocks behind loopback ports, a configuration that names
/// them, and the database of a watcher that has watched the first in this process, as `paywatch`
/// would in another.
final class BitcoinProgramScene: ProgramScene {
  /// Whom money goes back to: BIP-0173's address, in regtest.
  static let customer = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"

  let scratch: TemporaryDirectory
  let chainName = "bitcoin-regtest"
  let nodes: [SimulatedBitcoinNode]
  let store: TestStore
  private let watched: WatchedProgramChain
  private let servers: [ChainSimServer]
  private var orders: UInt64 = 0

  var node: SimulatedBitcoinNode { nodes[0] }
  var database: any Database { watched.database }

  init(_ engine: TestEngine = .sqlite, nodes count: Int = 1) async throws {
    store = try await TestStore(engine)
    scratch = try TemporaryDirectory()
    let first = SimulatedBitcoinNode(name: "node-1", seed: 5, clock: SystemRPCClock()) {
      UInt32(Date.now.timeIntervalSince1970)
    }
    try first.mine(110)
    nodes = [first] + (1..<count).map { first.copy(name: "node-\($0 + 1)", seed: UInt64($0)) }
    var servers: [ChainSimServer] = []
    for node in nodes { servers.append(try await ChainSimServer.start(node)) }
    self.servers = servers
    let descriptor = try SignScene.descriptor()
    let chains = PackageFiles.root.appending(path: "chains").path(percentEncoded: false)
    let urls = servers.enumerated().map { "{ name: node-\($0 + 1), url: \"\($1.url)\" }" }
    try scratch.write(
      "paywatch.yaml",
      """
      region: eu
      database: \(try store.setting(in: scratch))
      chains_directory: \(chains)
      chains:
        - name: bitcoin-regtest
          quorum: 1
          nodes: [\(urls.joined(separator: ", "))]
          payouts: { fee_rate: { minimum: "2", maximum: "20", fallback: "5" } }
      tenants:
        - id: shop
          accounts: [{ family: bitcoin, descriptor: "\(descriptor.text)" }]

      """.utf8)
    try scratch.write(
      "policy.yaml",
      """
      chains:
        - spec: \(chains)/bitcoin-regtest.yaml
          accounts: ["\(descriptor.text)"]
          destinations: ["\(Self.customer)"]
          refunds: listed
          maximum_fee: "0.001"
          maximum_fee_rate: "25"
          limits: [{ asset: BTC, per_transaction: "0.1", per_day: "0.1" }]

      """.utf8)
    watched = try await WatchedProgramChain(
      configuration: scratch.path("paywatch.yaml"), store
    ) { spec, branch in
      guard let keys = try AccountKeys(descriptor.text, for: spec.family).onBranch(branch) else {
        throw Program.Failure(text: "no branch \(branch)")
      }
      return keys
    }
  }

  func close() async throws {
    for server in servers { await server.stop() }
    try await watched.close()
  }

  func settle() async throws { try await watched.settle() }

  func mine(_ count: Int) async throws {
    for block in try node.mine(count) {
      for other in nodes.dropFirst() { _ = other.accept(block.block) }
    }
    try await settle()
  }

  /// A payment that got so many satoshi, all of them final.
  func settled(_ amount: UInt64, paid: UInt64) async throws -> Payment {
    orders += 1
    let payment = try await watched.request(amount, order: orders)
    let address = try BitcoinAddress(payment.terms.address, network: .regtest)
    try node.pay(address.output.scriptPubKey, value: paid)
    try await mine(6)
    return payment
  }

  /// What waits for a block at the first node.
  func waiting(_ transaction: ToldTransaction?) throws -> MempoolEntry? {
    guard let text = transaction?.txid else { return nil }
    return node.machine.mempool[try Hash32(displayHex: text)]
  }

  /// The satoshi that a transaction's first output pays the customer, in the chain of the first
  /// node.
  func received(_ refund: ToldRefund) throws -> UInt64? {
    guard let text = refund.txid,
      let coin = node.machine.coin(Outpoint(txid: try Hash32(displayHex: text), vout: 0)),
      try coin.output.scriptPubKey
        == BitcoinAddress(Self.customer, network: .regtest).output.scriptPubKey
    else { return nil }
    return coin.output.value
  }
}
