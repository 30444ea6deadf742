import Addresses
import Bytes
import ChainTypes
import Database
import Digests
import Ethereum
import JSON
import Keys
import NodeRPC
import Payments
import Settlement
import TestSupport
import Testing
import Watching

/// Accounts that have code, or get it, on a chain whose blocks a real EVM makes.
@Suite("Payers and payees with code")
struct EthereumCodeTests {
  private static let salt = [UInt8](repeating: 7, count: 32)

  private func deploy(
    _ contract: String, _ story: EthereumStory
  ) async throws -> EthereumAddress {
    let answer = try await story.call("test_deploy", .string(contract), .string(contract))
    try await story.mine(1)
    return try EthereumAddress(#require(answer["address"]?.string))
  }

  /// Calls a function of the factory with this code, and `wei`.
  private func create(
    _ code: [UInt8], _ story: EthereumStory, by function: String = "create", wei: UInt64 = 0
  ) async throws {
    try await story.transact(
      "Factory", function,
      [.string("0x" + Hex.encode(code)), .string("0x" + Hex.encode(Self.salt))], value: wei)
    try await story.mine(1)
  }

  /// EIP-1014.
  private func created(_ code: [UInt8], by factory: EthereumAddress) throws -> EthereumAddress {
    let hash = Keccak256.hash(
      [0xff] + factory.hash.bytes + Self.salt + Keccak256.hash(code).bytes)
    return EthereumAddress(try #require(Hash20(Array(hash.bytes.suffix(20)))))
  }

  /// A payment of a gwei that got three, and a treasury with an ether, all final.
  private func overpaid(_ story: EthereumStory) async throws -> Payment {
    let payment = try await story.pay("ETH", 1_000_000_000)
    try await story.fund(payment, 3_000_000_000)
    try await story.fund(try EthereumTreasury.address.text, 1_000_000_000_000_000_000)
    try await story.settle()
    return payment
  }

  @Test("a payee whose code needs far more gas than a plain payment gets what it needs")
  func contractPayee() async throws {
    let story = try await EthereumStory()
    let treasury = story.treasury
    let box = try await deploy("CashBox", story)
    let refund = try await treasury.refund(overpaid(story), .overpayment, to: box.text)
    let paid = try await treasury.payRefunds()
    let made = try #require(paid.made.first, "\(paid.left)")
    #expect(try EthereumTreasury.unsigned(made).gasLimit > 21_000 * 5 / 4)
    try await treasury.send(paid.made)
    try await story.settle()
    #expect(try await treasury.status(refund) == .final)
    #expect(try await treasury.balance(of: box) == 2_000_000_000)
    try await story.stop()
  }

  @Test("a contract that is destroyed and created again at its address pays each time it does")
  func payerCreatedAgain() async throws {
    let story = try await EthereumStory()
    let factory = try await deploy("Factory", story)
    let payment = try await story.pay("ETH", 9_000)
    // PUSH20 the payment's address, SELFDESTRUCT: it pays as it is created.
    let code = [0x73] + (try payment.address).hash.bytes + [0xff]
    for _ in 0..<2 { try await create(code, story, wei: 3_000) }
    // Twice in one transaction: the second finds the address taken, and pays nothing.
    try await create(code, story, by: "createTwice", wei: 6_000)
    try await story.settle()
    #expect(try await hasNoCode(created(code, by: factory), story))
    let transfers = try await story.rows("SELECT state, value FROM transfers") {
      "\(try $0.text("state")) \(try $0.amount("value").decimal)"
    }
    #expect(transfers == ["final 3000", "final 3000", "final 3000"])
    #expect(try await story.statuses([payment]) == [.settled])
    #expect(try await story.treasury.balance(of: payment.address) == 9_000)
    try await story.stop()
  }

  private func hasNoCode(_ address: EthereumAddress, _ story: EthereumStory) async throws -> Bool {
    try await story.call("eth_getCode", .string(address.text), "latest") == "0x"
  }

  @Test("an address without code when its refund is made proves nothing: code may come before it")
  func payeeCreated() async throws {
    let story = try await EthereumStory()
    let treasury = story.treasury
    let factory = try await deploy("Factory", story)
    let payment = try await overpaid(story)
    // What is left there: PUSH1 1 PUSH1 0 SSTORE STOP, which takes 22,106 gas.
    let running: [UInt8] = [0x60, 1, 0x60, 0, 0x55, 0]
    let code: [UInt8] = [0x65] + running + [0x60, 0, 0x52, 0x60, 6, 0x60, 26, 0xf3]
    let address = try created(code, by: factory)
    let first = try await treasury.refund(payment, .overpayment, to: address.text)
    let made = try #require(try await treasury.payRefunds().made.first)
    #expect(try EthereumTreasury.unsigned(made).gasLimit < 30_000)
    try await create(code, story)
    #expect(
      try await story.call("eth_getCode", .string(address.text), "latest")
        == .string("0x" + Hex.encode(running)))
    try await treasury.send([made])
    try await story.settle()
    #expect(try await treasury.status(first) == .failed)
    #expect(try await treasury.load(made).status == .failed)
    #expect(try await treasury.balance(of: address) == 0)

    let second = try await treasury.refund(
      payment, .overpayment, to: address.text, number: 2)
    #expect(second.terms.amount == 2_000_000_000)
    let again = try await treasury.payRefunds()
    #expect(again.made.count == 1, "\(again.left)")
    // The signer counts what it has signed until somebody says that it wasn't paid.
    await #expect(throws: Program.Failure.self) { try await treasury.send(again.made) }
    try await treasury.send(again.made, unpaid: [first])
    try await story.settle()
    #expect(try await treasury.status(second) == .final)
    #expect(try await treasury.balance(of: address) == 2_000_000_000)
    #expect(try await treasury.ledger()[.refunds] == 2_000_000_000)
    try await story.stop()
  }
}
