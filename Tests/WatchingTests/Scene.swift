import Bitcoin
import Bytes
import ChainSim
import ChainTypes
import Database
import Payments
import Settlement
import Simulation
import TestDatabases
import Watching

/// A pipeline on simulated nodes, its watcher at their tip and addresses ready.
struct Scene {
  let world: SimulatedWorld

  init(
    nodes: Int = 1, quorum: Int = 1, height: Int = 110, isReady: Bool = true,
    _ adjust: (inout PipelineSettings) -> Void = { _ in }
  ) async throws {
    var settings = PipelineSettings()
    settings.quorum = quorum
    settings.quarantineMilliseconds = 60_000
    adjust(&settings)
    world = try await SimulatedWorld(
      seed: 7, nodes: nodes, height: height, settings: settings,
      database: TestDatabase.simulated)
    guard isReady else { return }
    try await world.fill()
    try await world.stepUntilQuiet()
  }

  var node: SimulatedBitcoinNode { world.links[0].node }

  func node(_ place: Int) -> SimulatedBitcoinNode { world.links[place].node }

  /// A payment of 150,000 satoshi, which needs two confirmations.
  func request(
    _ amount: UInt64 = 150_000, order: String = "1", expiresInSeconds: Int64? = nil
  ) async throws -> Payment {
    try await world.request(amount, order: order, expiresInSeconds: expiresInSeconds)
  }

  func script(_ payment: Payment) throws -> [UInt8] { try world.script(of: payment.terms) }

  func status(_ payment: Payment) async throws -> PaymentStatus {
    try await world.payment(payment.terms.id).status
  }

  func story(_ payment: Payment) async throws -> [String] {
    try await world.story(of: payment.terms.id).map { String($0.dropFirst("payment.".count)) }
  }

  /// The payment's transfers as they stand: states in the order in which they were first known.
  func transfers(_ payment: Payment) async throws -> [PaymentTransfer] {
    try await world.payment(payment.terms.id).transfers
  }

  /// The states of a transfer's events in order.
  func story(ofTransfer txid: Hash32, vout: UInt32 = 0) async throws -> [String] {
    let id = TransferID(chain: world.settings.spec.name, txid: txid, position: .vout(vout))
    return try await world.story(of: id.description).map {
      String($0.dropFirst("transfer.".count))
    }
  }

  func cursor() async throws -> ChainCursor? {
    let chain = world.settings.spec.name
    return try await world.database.read { try ChainRecords.cursor(of: chain, in: $0) }
  }

  /// Gives a block of the first node to the others.
  func share() throws {
    for link in world.links.dropFirst() {
      var missing: [StoredBlock] = []
      var cursor: StoredBlock? = node.machine.tip
      while let block = cursor, link.node.machine.block(block.hash) == nil {
        missing.append(block)
        cursor = node.machine.block(block.header.previousBlockHash)
      }
      for block in missing.reversed() { link.node.accept(block.block) }
      for entry in node.machine.mempool.ordered {
        _ = try? link.node.accept(entry.known.transaction)
      }
    }
  }

  /// Steps for as long as it takes one node to be believed that something has left its mempool.
  func lookLongEnough() async throws {
    try await world.stepUntilQuiet()
    pass(seconds: 180)
    try await world.stepUntilQuiet()
  }

  func pass(seconds: Int64) { world.time.advance(milliseconds: seconds * 1_000) }
}
