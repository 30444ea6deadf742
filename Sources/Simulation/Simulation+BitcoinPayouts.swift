internal import Bitcoin
internal import Bytes
internal import ChainSim
internal import ChainTypes
internal import Database
internal import Payments
internal import Settlement

// What is Bitcoin's own of money out.
extension Simulation {
  private var payouts: BitcoinPayouts? {
    BitcoinPayouts(
      spec: world.settings.spec,
      limits: .init(
        ceiling: FeeRate(satoshiPerKvB: 100_000), maximumFee: 1_000_000, maximumInputs: 50))
  }

  private func order(for tenant: String) -> BitcoinPayouts.Order {
    BitcoinPayouts.Order(
      tenant: tenant,
      feeRate: FeeRate(satoshiPerKvB: UInt64.random(in: 1_000...20_000, using: &random)),
      now: laterNow, random: (random.next(), random.next()))
  }

  func buildOnBitcoin() async throws {
    guard let payouts else { return }
    let order = order(for: try await tenantToPayFor(on: 0))
    let isSweep = Int.random(in: 0..<4, using: &random) == 0
    let database = world.database
    try await attempt(isSweep ? "sweep" : "build") {
      try await database.write { connection in
        isSweep
          ? try payouts.sweep(order, least: 2, in: connection)?.id
          : try payouts.payRefunds(order, in: connection).made?.id
      }
    }
  }

  func raiseFeeOnBitcoin(of old: OutgoingTransaction) async throws {
    guard let payouts else { return }
    let (database, order) = (world.database, order(for: old.tenant))
    try await attempt("replace \(old.id)") {
      try await database.write { try payouts.replace(old.id, order, in: $0).id }
    }
  }

  func signedOnBitcoin(_ transaction: OutgoingTransaction) throws -> [UInt8] {
    var psbt = try PSBT(base64: transaction.unsigned)
    _ = try PSBTSigner(try Pipeline.accountPrivateKey())
      .sign(&psbt, auxiliary: .zero, trustsValues: false)
    guard psbt.finalize().isEmpty else {
      throw Broken(reasons: ["\(transaction.id) can't be signed"])
    }
    return try psbt.extractTransaction().bytes
  }

  /// Gives everything to one node.
  func bitcoinBroadcaster() -> OutgoingBroadcaster {
    let nodes = world.links.map(\.node)
    let node = nodes[Int.random(in: nodes.indices, using: &random)]
    return OutgoingBroadcaster(
      chain: world.settings.spec.name, database: world.database
    ) { raw in
      do {
        _ = try node.accept(Transaction(bytes: raw))
        return .taken
      } catch {
        return .refused("\(error)")
      }
    }
  }
}
