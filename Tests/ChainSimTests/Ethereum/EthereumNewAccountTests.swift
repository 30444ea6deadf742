import Addresses
import Bytes
import ChainSim
import Ethereum
import JSON
import Testing

@Suite("Ether for accounts that a simulated EVM chain doesn't have yet")
struct EthereumNewAccountTests {
  private let payee = account(0x99)

  private func send(
    _ wei: UInt256, to recipient: EthereumAddress, gas: UInt64, _ node: SimulatedEthereumNode
  ) throws -> SimulatedEthereumBlock.Outcome {
    try node.send(.ether(wei, to: recipient).withGasLimit(gas))
    return try #require(try node.mine().first?.outcomes.first)
  }

  private func estimate(_ node: SimulatedEthereumNode) async throws -> String? {
    try await node.ethereumResult(
      "eth_estimateGas",
      .object([
        .init("from", .hex(SimulatedAccount.account(0).address)), .init("to", .hex(payee)),
        .init("value", "0x5"),
      ])
    ).string
  }

  @Test("before Amsterdam they cost what all others cost")
  func prague() async throws {
    let node = try makeEthereumNode()
    #expect(try await estimate(node) == "0x" + String(21_000, radix: 16))
    #expect(try send(5, to: payee, gas: 21_000, node).receipt.outcome == .succeeded)
    #expect(node.balance(of: payee) == 5)
  }

  @Test("from Amsterdam on they cost more, and with less gas nothing is paid: the block has it all")
  func amsterdam() async throws {
    let node = try makeEthereumNode(options: EthereumChainOptions(fork: .amsterdam))
    for gas: UInt64 in [21_000, 26_250, 204_599] {
      let short = try send(5, to: payee, gas: gas, node)
      #expect(short.receipt.outcome == .failed && short.receipt.logs.isEmpty)
      #expect(short.trace.error == "out of gas" && short.gasUsed == gas)
    }
    #expect(node.balance(of: payee) == .zero)
    #expect(try await estimate(node) == "0x" + String(204_600, radix: 16))
    let enough = try send(5, to: payee, gas: 300_000, node)
    #expect(enough.receipt.outcome == .succeeded && enough.gasUsed == 204_600)
    // It is there now; and a call that brings nothing makes no account.
    for (wei, recipient): (UInt256, EthereumAddress) in [(5, payee), (0, account(0x98))] {
      let plain = try send(wei, to: recipient, gas: 21_000, node)
      #expect(plain.receipt.outcome == .succeeded && plain.gasUsed == 21_000)
    }
    #expect(node.balance(of: payee) == 10)
  }
}
