import ChainSim
import ChainTypes
import Database
import Deployment
import EventLog
import Foundation
import NodeRPC
import Payments
import SQLite
import Settlement
import Simulation
import TestSupport
import Watching

/// Simulated nodes behind loopback ports, a configuration that names them, and the database of a
/// pipeline that has watched them in this process, as `paywatch` would in another.
final class RescanScene {
  let scratch: TemporaryDirectory
  let node: SimulatedBitcoinNode
  let database: SQLiteDatabase
  private(set) var pipeline: Pipeline
  private let time = SimulatedTime(start: SimulatedWorld.beginning)
  private let settings = PipelineSettings()
  private var servers: [ChainSimServer] = []

  /// One node of 110 blocks, watched from its tip's depth of finality on; five addresses are ready.
  init() async throws {
    scratch = try TemporaryDirectory()
    let time = time
    node = SimulatedBitcoinNode(
      name: "node-1", seed: 5, clock: ConnectionTime(time), now: { time.nowSeconds })
    for _ in 0..<110 {
      time.advance(milliseconds: 60_000)
      try node.mine()
    }
    database = try SQLiteDatabase(path: scratch.url.appending(path: "paywatch.sqlite").path)
    try await Schema.migrate(database)
    pipeline = try Self.pipeline(node, database, settings, time)
    try await pipeline.registerAccounts()
    try await pipeline.fill()
    try await serve([node])
    try await settle()
  }

  private static func pipeline(
    _ node: SimulatedBitcoinNode, _ database: SQLiteDatabase, _ settings: PipelineSettings,
    _ time: SimulatedTime
  ) throws -> Pipeline {
    let client = BitcoinNode(
      name: node.name, transport: node, clock: ConnectionTime(time), jitterSeed: 1)
    return try Pipeline(
      nodes: [client], database: database, settings: settings, time: time, clock: time,
      watchKey: (1, 2))
  }

  func close() async throws {
    for server in servers { await server.stop() }
    try await database.close()
  }

  /// Makes `nodes` those of the configuration.
  func serve(_ nodes: [SimulatedBitcoinNode], quorum: Int = 1) async throws {
    for server in servers { await server.stop() }
    servers = []
    for node in nodes { servers.append(try await ChainSimServer.start(node)) }
    var text = """
      region: eu
      database:
        sqlite: paywatch.sqlite
      chains_directory: \(PackageFiles.root.appending(path: "chains").path)
      chains:
        - name: bitcoin-regtest
          quorum: \(quorum)
          nodes:

      """
    for (place, server) in servers.enumerated() {
      text += "      - name: node-\(place + 1)\n        url: \(server.url)\n"
    }
    try scratch.write("paywatch.yaml", text.utf8)
  }

  /// Steps the watcher until it stands at the node's tip and has nothing to do.
  func settle() async throws {
    var report = try await pipeline.step()
    while report.isBusy || report.transferChanges > 0 { report = try await pipeline.step() }
  }

  func request(_ amount: UInt64 = 150_000, order: String = "1") async throws -> Payment {
    try await pipeline.request(
      amount, tenant: "roastery", order: order, random: (UInt64(order.utf8.first ?? 0), 7))
  }

  /// Pays and mines so many blocks while no watcher knows the payment's address.
  func payUnwatched(_ payment: Payment, value: UInt64, blocks: Int) async throws {
    let ordinal = Int64(payment.terms.ordinal)
    try await setScript([0x51], of: ordinal)
    // Another process: the one before has watched the address already.
    pipeline = try Self.pipeline(node, database, settings, time)
    let script = try SimulatedWorld.script(of: payment.terms)
    try node.pay(script, value: value)
    try node.mine(blocks)
    try await settle()
    try await setScript(script, of: ordinal)
  }

  private func setScript(_ script: [UInt8], of ordinal: Int64) async throws {
    try await database.write { connection in
      try connection.execute(
        "UPDATE addresses SET script = $1 WHERE ordinal = $2", [.blob(script), .integer(ordinal)])
    }
  }

  func rescan(_ arguments: String...) async throws -> Program.Outcome {
    try await Program.payctl.finish(
      [
        "rescan", "--config", scratch.url.appending(path: "paywatch.yaml").path, "--chain",
        "bitcoin-regtest",
      ] + arguments)
  }

  func status(_ payment: Payment) async throws -> PaymentStatus {
    try await pipeline.payment(payment.terms.id).status
  }

  func replayDifferences() async throws -> [String] {
    try await database.read { try ReplayCheck.differences(in: $0) }
  }
}
