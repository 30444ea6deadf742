import Addresses
import Bytes
import ChainSim
import ChainTypes
import Database
import Ethereum
import Payments
import Settlement
import Testing

/// Refunds and sweeps of tokens on simulated chains: of USDC, whose `transfer` returns true, and of
/// USDT, whose returns nothing.
@Suite("Tokens out of EVM chains")
struct EthereumTokenPayoutTests {
  private static let ether: UInt256 = 1_000_000_000_000_000_000
  static let contracts = ["USDC": SimulatedContracts.usdc, "USDT": SimulatedContracts.usdt]

  /// A payment of 10,000 that got 15,000, and a treasury with an ether, all final.
  private func overpaid(
    _ symbol: String, _ fork: EthereumChainOptions.Fork = .prague
  ) async throws -> (EthereumScene, Payment, EthereumAddress) {
    let scene = try await EthereumScene([EthereumChainOptions(fork: fork)], hasTreasury: true)
    let contract = try #require(Self.contracts[symbol])
    let payment = try await scene.pay(symbol, 10_000)
    try scene.node.send(.token(contract, 15_000, to: payment.address))
    try scene.node.send(.ether(Self.ether, to: EthereumTreasury.address))
    try await scene.mine(12)
    return (scene, payment, contract)
  }

  /// What is worth so many wei.
  private func rate(_ wei: UInt256) throws -> SweepWorth.Rate {
    try #require(SweepWorth.Rate(wei: wei, minorUnits: 15_000))
  }

  private func send(_ outcome: EthereumPayouts.Outcome, _ scene: EthereumScene) async throws {
    try #require(outcome.made.count == 1, "\(outcome.left)")
    try await scene.treasury.send(outcome.made)
    try await scene.share()
    try await scene.mine(12)
  }

  @Test(
    "tokens are swept once ether for their gas is there, and an overpayment goes back",
    arguments: ["USDC", "USDT"], [EthereumChainOptions.Fork.prague, .amsterdam])
  func story(symbol: String, fork: EthereumChainOptions.Fork) async throws {
    let (scene, payment, contract) = try await overpaid(symbol, fork)
    let treasury = scene.treasury
    func sweep() async throws -> EthereumPayouts.Outcome {
      try await treasury.sweep(contract.hash, weiPer: rate(Self.ether))
    }
    let refund = try await treasury.refund(payment, .overpayment)
    #expect(try await treasury.payRefunds().made.isEmpty, "the treasury has no tokens yet")
    let funding = try await sweep()
    #expect(funding.made.map(\.purpose) == [.gas])
    // The address has nothing but tokens: for the chain it is a new account.
    let gas = try EthereumTreasury.unsigned(#require(funding.made.first)).gasLimit
    #expect(gas == (fork == .prague ? 26_250 : 255_750))
    try await send(funding, scene)
    let swept = try await sweep()
    #expect(swept.made.map(\.purpose) == [.sweep])
    try await send(swept, scene)
    #expect(try scene.node.balance(of: EthereumTreasury.address, in: contract) == 15_000)
    try await send(try await treasury.payRefunds(), scene)
    #expect(try await treasury.status(refund) == .final)
    let payer = try EthereumAddress(EthereumTreasury.payer)
    #expect(scene.node.balance(of: payer, in: contract) == 5_000)
    #expect(try await treasury.ledger(contract.hash)[.treasury] == 10_000)
    #expect(try await treasury.reconcile() == [])
    #expect(try await treasury.differences() == [])
  }

  @Test(
    "what a token refuses to move is told with its words, and nothing is made, not even for gas",
    arguments: ["USDC", "USDT"])
  func reverted(symbol: String) async throws {
    let (scene, payment, contract) = try await overpaid(symbol)
    let treasury = scene.treasury
    try scene.node.send(.token(contract, 15_000, to: EthereumTreasury.address))
    try scene.node.send(.calling(contract, "pause()"))
    try await scene.mine(12)
    let refund = try await treasury.refund(payment, .overpayment)
    let paid = try await treasury.payRefunds()
    let swept = try await treasury.sweep(contract.hash, weiPer: rate(Self.ether))
    for (outcome, subject) in [(paid, refund.terms.id), (swept, payment.terms.address)] {
      #expect(outcome.made.isEmpty)
      #expect(outcome.left.map(\.subject) == [subject])
      let reason = try #require(outcome.left.first).reason
      #expect(reason.hasPrefix("it would fail: "), "\(reason)")
      let words = symbol == "USDC" ? "Pausable: paused" : "execution reverted"
      #expect(reason.contains(words), "\(reason)")
    }
    #expect(try await treasury.status(refund) == .approved)
    let rows = try await scene.rows("SELECT COUNT(*) AS n FROM outgoing") { try $0.integer("n") }
    #expect(rows == [0])

    try scene.node.send(.calling(contract, "unpause()"))
    try await scene.mine()
    try await send(try await treasury.payRefunds(), scene)
    #expect(try await treasury.status(refund) == .final)
  }

  @Test("an address is given ether for its tokens only where they are worth both fees")
  func worthBothFees() async throws {
    let (scene, _, contract) = try await overpaid("USDT")
    let treasury = scene.treasury
    func sweep(worth wei: UInt256) async throws -> EthereumPayouts.Outcome {
      try await treasury.sweep(contract.hash, weiPer: rate(wei))
    }
    let ample = try #require(try await sweep(worth: Self.ether).made.first)
    try await treasury.cancel(ample.id)
    // What the sweep costs and a quarter more is what is sent; the share is a twentieth.
    let given = try #require(ample.payouts.first).amount
    let fee = given.subtractingOrZero(try given.divided(by: 5).quotient)
    let both = try fee.adding(ample.maximumFee).multiplied(by: 20)
    for little in [try fee.multiplied(by: 20), both.subtractingOrZero(.one)] {
      let outcome = try await sweep(worth: little)
      #expect(outcome.made.isEmpty)
      #expect(outcome.left.map(\.reason) == ["moving it costs more than it may"])
    }
    #expect(try await sweep(worth: both).made.map(\.purpose) == [.gas])
  }
}
