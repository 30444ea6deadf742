import Addresses
import Bytes
import ChainSim
import ChainTypes
import Database
import Ethereum
import Payments
import Settlement
import Testing
import Watching

@Suite("Revenue that the shop takes on EVM chains")
struct EthereumWithdrawalTests {
  private static let cold = "0x2222222222222222222222222222222222222222"
  private static let ether: UInt256 = 1_000_000_000_000_000_000

  private func withdraw(
    _ scene: EthereumScene, _ amount: UInt256?, of contract: Hash20? = nil,
    to address: String = cold
  ) async throws -> OutgoingTransaction {
    try await scene.treasury.payouts().withdraw(
      amount, of: contract, to: address, tenant: "shop", now: scene.treasury.now(),
      random: EthereumTreasury.random)
  }

  /// What is left for the gas of one refund: 100,000 at this transaction's price.
  private static func gas(_ made: OutgoingTransaction) throws -> UInt256 {
    let unsigned = try EthereumTreasury.unsigned(made)
    guard case .dynamicFee(_, let caps, _) = unsigned.form else { return .zero }
    return try caps.maxFeePerGas.multiplied(by: 100_000)
  }

  @Test("tokens and ether leave the treasury, are booked as taken, and agree with the chain")
  func taken() async throws {
    let scene = try await EthereumScene(hasTreasury: true)
    let payment = try await scene.overpaid()
    try scene.node.send(
      .token(SimulatedContracts.usdc, 9_000, to: EthereumTreasury.address))
    try await scene.mine(12)
    let usdc = SimulatedContracts.usdc.hash
    let tokens = try await withdraw(scene, 4_000, of: usdc)
    try await scene.treasury.send([tokens])
    try await scene.mine(12)
    let rest = try await withdraw(scene, nil, of: usdc)
    #expect(rest.payouts.map(\.amount) == [5_000])
    let refund = try await scene.treasury.refund(payment, .overpayment)
    let ether = try await withdraw(scene, nil)
    #expect(ether.purpose == .withdrawal)
    // All but the refund's 2,000 wei and its gas, what the transactions cost, and what these may.
    let earlier = try #require(try await scene.treasury.load(tokens).sighting?.fee)
    let spent = try earlier.adding(rest.maximumFee).adding(ether.maximumFee).adding(2_000)
      .adding(Self.gas(ether))
    #expect(try ether.payouts[0].amount.adding(spent) == Self.ether)
    try await scene.treasury.send([rest, ether])
    try await scene.mine(12)
    #expect(try await scene.treasury.load(ether).status == .final)
    let cold = try EthereumAddress(Self.cold)
    #expect(scene.node.balance(of: cold, in: SimulatedContracts.usdc) == 9_000)
    #expect(scene.node.balance(of: cold) == ether.payouts[0].amount)
    #expect(try await scene.eventCount("withdrawal.final") == 3)
    let rows = try await Reconciler(
      database: scene.database, spec: scene.chain.spec, clock: BlockTime()
    ).run(scene.chain.pool).rows
    #expect(rows == [])
    let report = try await scene.database.read { try ReplayCheck.report(in: $0) }
    #expect(report.found.isEmpty, "\(report.found)")
    // What was left pays the refund.
    let paid = try await scene.treasury.payRefunds()
    #expect(paid.made.map(\.refunds) == [[refund.terms.id]], "\(paid.left)")
  }

  @Test("unfinal money, what transactions on the way take, and what refunds wait for stays")
  func bounds() async throws {
    let scene = try await EthereumScene(hasTreasury: true)
    let payment = try await scene.overpaid()
    try scene.node.send(.ether(5_000, to: EthereumTreasury.address))
    try await scene.mine(1)
    await #expect(throws: PayoutRefusal.notFree(most: Self.ether)) {
      _ = try await withdraw(scene, try Self.ether.adding(1))
    }
    // The fee is a part of it.
    await #expect(throws: EthereumPayouts.Failure.self) {
      _ = try await withdraw(scene, Self.ether)
    }
    _ = try await scene.treasury.refund(payment, .overpayment)
    let half: UInt256 = 500_000_000_000_000_000
    let first = try await withdraw(scene, half)
    await #expect(throws: PayoutRefusal.self) { _ = try await withdraw(scene, half) }
    let left = try Self.ether.subtracting(half).subtracting(first.maximumFee).subtracting(2_000)
      .subtracting(Self.gas(first))
    await #expect(throws: PayoutRefusal.notFree(most: left)) {
      _ = try await withdraw(scene, left.adding(1))
    }
    for address in [payment.terms.address, SimulatedContracts.usdc.text, "0x12"] {
      await #expect(throws: RefundRefusal.self) {
        _ = try await withdraw(scene, 1, to: address)
      }
    }
  }

  @Test("a replacement that the account can't pay is refused, or takes it from what all brings")
  func replaced() async throws {
    let scene = try await EthereumScene(hasTreasury: true)
    _ = try await scene.overpaid()
    let all = try await withdraw(scene, nil)
    try await scene.treasury.send([all])
    let second = try await scene.treasury.replace(all.id)
    #expect(second.payouts[0].amount < all.payouts[0].amount)
    #expect(
      try second.payouts[0].amount.adding(second.maximumFee)
        == all.payouts[0].amount.adding(all.maximumFee))
    try await scene.treasury.send([second])
    try await scene.mine(12)
    #expect(try await scene.treasury.load(second).status == .final)

    // Just what a refund and its gas take, as another scene has shown.
    let rich = try await refunded(funding: Self.ether).made
    let cost = try rich.payouts[0].amount.adding(rich.maximumFee)
    let (poor, made) = try await refunded(funding: cost)
    #expect(made.maximumFee == rich.maximumFee)
    try await poor.treasury.send([made])
    await #expect(throws: EthereumPayouts.Failure.self) {
      _ = try await poor.treasury.replace(made.id)
    }
  }

  /// A refund's transaction from a treasury that has so much.
  private func refunded(
    funding wei: UInt256
  ) async throws -> (scene: EthereumScene, made: OutgoingTransaction) {
    let scene = try await EthereumScene(hasTreasury: true)
    let payment = try await scene.pay("ETH", 1_000)
    try scene.node.send(.ether(3_000, to: payment.address))
    try scene.node.send(.ether(wei, to: EthereumTreasury.address))
    try await scene.mine(12)
    _ = try await scene.treasury.refund(payment, .overpayment)
    let outcome = try await scene.treasury.payRefunds()
    return (scene, try #require(outcome.made.first, "\(outcome.left)"))
  }
}
