import Addresses
import Bytes
import ChainSim
import ChainTypes
import Foundation
import Payments
import Settings
import Settlement
import TestSupport
import Testing
import Watching

/// Logs and transactions that are tokens or ether only by their looks.
@Suite("What counts as a transfer on an EVM chain")
struct EthereumTokenCaseTests {
  @Test(
    "a Transfer of a contract that isn't listed pays nothing, whatever the contract calls itself")
  func fakeToken() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("USDC", 5_000)
    for contract in [SimulatedContracts.fake, SimulatedContracts.unlisted] {
      try scene.node.send(.token(contract, 5_000, to: payment.address))
    }
    try await scene.mine(6)
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.eventCount("transfer.misdirected") == 2)
  }

  @Test("a token's transfer that failed pays nothing, and so does failed ether")
  func failed() async throws {
    let scene = try await EthereumScene()
    let tokens = try await scene.pay("USDC", 5_000)
    let ether = try await scene.pay("ETH", 700)
    // An account without so many tokens; a value that its call sends back.
    try scene.node.send(.token(SimulatedContracts.usdc, .max, to: tokens.address))
    try scene.node.send(
      .calling(
        SimulatedContracts.forwarder, "forwardAndRevert(address)", [.address(ether.address)],
        wei: 700))
    try await scene.mine(6)
    #expect(try await scene.status(tokens) == .open)
    #expect(try await scene.status(ether) == .open)
    #expect(try await scene.transfers() == [])
  }

  @Test("ether whose transaction failed is recorded as failed, pays nothing and isn't misdirected")
  func failedValue() async throws {
    // The account of a payment has code, as one that delegates to a contract has.
    var options = EthereumChainOptions()
    options.contracts += try EthereumScene.firstAddresses.map { .init($0, .forwarder) }
    let scene = try await EthereumScene([options])
    let ether = try await scene.pay("ETH", 700)
    let tokens = try await scene.pay("USDC", 700)
    for payment in [ether, tokens] {
      try scene.node.send(
        .calling(
          payment.address, "forwardAndRevert(address)", [.address(SimulatedContracts.fake)],
          wei: 700))
    }
    try await scene.mine(6)
    #expect(try await scene.transfers() == ["value failed 700", "value failed 700"])
    #expect(try await scene.status(ether) == .open)
    #expect(try await scene.status(tokens) == .open)
    #expect(try await scene.eventCount("transfer.misdirected") == 0)
  }

  @Test(
    "a Transfer of another form than ERC-20's pays nothing, even from a listed contract",
    arguments: ["logFourTopics", "logOneTopic", "logDirtyPadding", "logLongData"])
  func malformed(function: String) async throws {
    let scene = try await EthereumScene(listed: ["USDC": SimulatedContracts.fake])
    let payment = try await scene.pay("USDC", 5_000)
    try scene.node.send(
      .calling(
        SimulatedContracts.fake, "\(function)(address,uint256)",
        [.address(payment.address), .number(5_000)]))
    try await scene.mine(6)
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.transfers() == [])
  }

  @Test("a zero-value Transfer is recorded as nothing, and alerts nobody")
  func zeroValue() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("USDC", 5_000)
    try scene.node.send(.token(SimulatedContracts.usdc, .zero, to: payment.address))
    try scene.node.send(.token(SimulatedContracts.fake, .zero, to: payment.address))
    try scene.node.send(.ether(.zero, to: payment.address))
    try await scene.mine(6)
    #expect(try await scene.load(payment).transfers == [])
    #expect(
      try await scene.transfers() == ["log:0 quarantined(dust) 0", "log:0 quarantined(dust) 0"])
    #expect(try await scene.eventCount("transfer.misdirected") == 0)
  }

  @Test("the largest value there can be is stored exactly, and two of them overflow nothing")
  func largestValue() async throws {
    let scene = try await EthereumScene(listed: ["BIG": SimulatedContracts.fake])
    let payment = try await scene.pay("BIG", 5_000)
    for _ in 0..<2 {
      try scene.node.send(.token(SimulatedContracts.fake, .max, to: payment.address))
    }
    try await scene.mine(10)
    let values = try await scene.rows("SELECT value FROM transfers") { try $0.amount("value") }
    #expect(values == [.max, .max])
    #expect(try await scene.status(payment) == .settled)
    #expect(try await scene.load(payment).received == .max)
  }

  /// What `chains/ethereum-dev.yaml` says, with this for its tokens.
  private func spec(tokens: String) throws -> ChainSpec {
    let file = PackageFiles.root.appending(path: "chains/ethereum-dev.yaml")
    let text = try String(contentsOf: file, encoding: .utf8)
    try #require(text.contains("\ntokens: []"))
    let directory = try TemporaryDirectory()
    return try ChainSpecFile.load(
      directory.write(
        "ethereum-dev.yaml", text.replacing("\ntokens: []", with: "\ntokens: [\(tokens)]").utf8))
  }

  @Test("a token whose chain's file gives it eighteen decimals is asked for, paid and told in them")
  func decimals() async throws {
    let contract = SimulatedContracts.usdt
    let scene = try await EthereumScene(
      spec: spec(
        tokens: """
          { symbol: USDT, contract: "\(contract.text)", decimals: 18, dust_limit: "0.01", \
          confirmations: [{ from: "0", depth: 1 }], \
          credit_limits: { single: none, quorum: none } }
          """))
    let usdt = try #require(scene.chain.spec.listed("USDT")).asset
    let one = try Amount(units: "1", asset: usdt)
    #expect(one.minorUnits == 1_000_000_000_000_000_000)
    let payment = try await scene.pay("USDT", one.minorUnits)
    try scene.node.send(.calling(contract, "issue(uint256)", [.number(one.minorUnits)]))
    // What one would be with six decimals is dust.
    try scene.node.send(.token(contract, 1_000_000, to: payment.address))
    try await scene.mine(8)
    #expect(try await scene.status(payment) == .open)
    try scene.node.send(.token(contract, one.minorUnits, to: payment.address))
    try await scene.mine(8)
    let paid = try await scene.load(payment)
    #expect(paid.status == .settled && paid.finalValue == one.minorUnits)
    let text = try PaymentDocument.json(of: paid)
    for member in ["amount", "received"] {
      #expect(text.contains("\"\(member)\":\"1.000000000000000000\""), "\(text)")
    }
    #expect(
      try await scene.treasury.ledger(contract.hash) == [
        .treasury: 1_000_000_000_000_000_000, .receivable: -1_000_000_000_000_000_000,
      ])
  }

  @Test("a token with a fee pays what arrived, not what was sent")
  func feeOnTransfer() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("USDT", 10_000)
    try scene.node.send(
      .calling(
        SimulatedContracts.usdt, "setParams(uint256,uint256)", [.number(10), .number(49)]))
    try await scene.mine()
    try scene.node.send(
      .token(SimulatedContracts.usdt, 10_000, to: payment.address).by(account: 1))
    try await scene.mine(6)
    #expect(try await scene.load(payment).confirmed == 9_990)
    #expect(try await scene.status(payment) == .partiallyPaid)
  }

  @Test("a call that reports success without a log pays nothing")
  func withoutLog() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("USDC", 10_000)
    // The forwarder has no tokens: its inner transfer fails, the transaction succeeds.
    try scene.node.send(
      .calling(
        SimulatedContracts.forwarder, "forwardToken(address,address,uint256)",
        [.address(SimulatedContracts.usdc), .address(payment.address), .number(10_000)]))
    try await scene.mine(6)
    #expect(scene.node.machine.head.number > 3)
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.transfers() == [])
  }

  @Test("a successor's tokens, to which a deprecated contract forwards, pay nothing and are told")
  func deprecated() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("USDT", 10_000)
    try scene.node.send(
      .calling(
        SimulatedContracts.usdt, "deprecate(address)",
        [.address(SimulatedContracts.usdtSuccessor)]))
    try await scene.mine()
    try scene.node.send(.token(SimulatedContracts.usdt, 10_000, to: payment.address))
    try await scene.mine(6)
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.eventCount("transfer.misdirected") == 1)
  }

  @Test("several transfers of one transaction each count, and none twice")
  func several() async throws {
    let scene = try await EthereumScene()
    let first = try await scene.pay("ETH", 40)
    let second = try await scene.pay("ETH", 40)
    try scene.node.send(
      .calling(
        SimulatedContracts.forwarder, "forwardEach(address[],uint256)",
        [.addresses([first.address, second.address, first.address]), .number(40)], wei: 120))
    try await scene.mine(6)
    #expect(try await scene.load(first).confirmed == 80)
    #expect(try await scene.load(second).confirmed == 40)
    #expect(
      try await scene.transfers() == [
        "trace:0 confirmed 40", "trace:1 confirmed 40", "trace:2 confirmed 40",
      ])
  }
}
