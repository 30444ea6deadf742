import Addresses
import Bytes
import ChainSim
import ChainTypes
import Ethereum
import Payments
import Settlement
import Testing

/// From Amsterdam on, ether that makes an account takes far more gas than 21,000, and with less it
/// is mined without effect (EIP-8037).
@Suite("Payees whom an EVM chain doesn't know yet")
struct EthereumNewAccountTests {
  private func gas(_ transaction: OutgoingTransaction) throws -> UInt64 {
    try EthereumTreasury.unsigned(transaction).gasLimit
  }

  @Test("a refund has the gas that nodes estimate for a new account, also at a higher fee")
  func refunded() async throws {
    let scene = try await EthereumScene(
      [EthereumChainOptions(fork: .amsterdam)], hasTreasury: true)
    let treasury = scene.treasury
    let payment = try await scene.overpaid()
    let payer = try EthereumAddress(EthereumTreasury.payer)
    let first = try await treasury.refund(payment, .partial, 500)
    let made = try #require(try await treasury.payRefunds().made.first)
    // A quarter more than is estimated.
    #expect(try gas(made) == 255_750)
    try await treasury.send([made])
    let raised = try await treasury.replace(made.id)
    #expect(try gas(raised) == 255_750)
    try await treasury.send([raised])
    try await scene.share()
    try await scene.mine(12)
    #expect(try await treasury.status(first) == .final)
    #expect(try await treasury.balance(of: payer) == 500)

    // The account is there now.
    let second = try await treasury.refund(payment, .partial, 700, number: 2)
    let plain = try #require(try await treasury.payRefunds().made.first)
    #expect(try gas(plain) == 26_250)
    try await treasury.send([plain])
    try await scene.share()
    try await scene.mine(12)
    #expect(try await treasury.status(second) == .final)
    #expect(try await treasury.balance(of: payer) == 1_200)
    #expect(try await treasury.ledger()[.refunds] == 1_200)
    #expect(try await treasury.differences() == [])
  }
}
