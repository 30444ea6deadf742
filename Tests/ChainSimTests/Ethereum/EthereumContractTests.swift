import Addresses
import Bytes
import ChainSim
import Ethereum
import JSON
import NodeRPC
import Testing

@Suite("The contracts of a simulated EVM chain")
struct EthereumContractTests {
  private let usdc = SimulatedContracts.usdc
  private let usdt = SimulatedContracts.usdt
  private let payee = account(0x77)

  /// Sends a transaction and mines it; gives what it did.
  @discardableResult
  private func run(
    _ node: SimulatedEthereumNode, _ order: EthereumOrder
  ) throws -> SimulatedEthereumBlock.Outcome {
    let known = try node.send(order)
    let block = try #require(try node.mine().first)
    let index = try #require(block.transactions.firstIndex(of: known))
    return block.outcomes[index]
  }

  private func transfers(_ outcome: SimulatedEthereumBlock.Outcome) -> [TokenTransfer] {
    outcome.receipt.logs.compactMap { TokenTransfer($0) }
  }

  @Test("a USDC transfer moves a balance and logs a strict Transfer")
  func transfer() async throws {
    let node = try makeEthereumNode()
    let outcome = try run(node, .token(usdc, 250, to: payee))
    let sender = SimulatedAccount.account(0).address
    #expect(
      transfers(outcome) == [
        TokenTransfer(contract: usdc, from: sender, to: payee, value: 250)
      ])
    #expect(node.balance(of: payee, in: usdc) == 250)
    let call = ABI.call("balanceOf(address)", [.address(payee)])
    let answer = try await node.ethereumResult(
      "eth_call",
      .object([
        .init("to", .hex(usdc)), .init("data", .string("0x" + Hex.encode(call))),
      ]), "latest")
    #expect(answer.string == "0x" + String(repeating: "0", count: 62) + "fa")
  }

  @Test("a transfer of more than there is fails with status 0, a reason and no log")
  func insufficientBalance() throws {
    let node = try makeEthereumNode()
    let outcome = try run(node, .token(usdc, .max, to: payee))
    #expect(outcome.receipt.outcome == .failed)
    #expect(outcome.receipt.logs.isEmpty)
    #expect(outcome.trace.error == "execution reverted")
    #expect(outcome.trace.revertReason == "ERC20: transfer amount exceeds balance")
    #expect(node.balance(of: payee, in: usdc) == .zero)
  }

  @Test("a transfer of zero succeeds and logs a Transfer of nothing")
  func zero() throws {
    let outcome = try run(try makeEthereumNode(), .token(usdc, 0, to: payee))
    #expect(outcome.receipt.outcome == .succeeded)
    #expect(transfers(outcome).map(\.value) == [.zero])
  }

  @Test("a payment of 2^256−1 stands in the log and in the balance exactly")
  func largest() throws {
    let node = try makeEthereumNode()
    let known = try UInt256(1_000_000_000_000_000).multiplied(by: 4)
    let value = try UInt256.max.subtracting(known)
    try run(node, .calling(usdc, "mint(address,uint256)", [.address(payee), .number(value)]))
    #expect(node.balance(of: payee, in: usdc) == value)
    // One more would be above 256 bits in the supply.
    let beyond = try run(
      node, .calling(usdc, "mint(address,uint256)", [.address(payee), .number(1)]))
    #expect(beyond.receipt.outcome == .failed)
  }

  @Test("somebody else may send an allowance on, so the sender isn't the payer")
  func allowance() throws {
    let node = try makeEthereumNode()
    let (owner, spender) = (
      SimulatedAccount.account(0).address, SimulatedAccount.account(1).address
    )
    let order = EthereumOrder.calling(
      usdc, "transferFrom(address,address,uint256)",
      [.address(owner), .address(payee), .number(9)]
    ).by(account: 1)
    #expect(try run(node, order).receipt.outcome == .failed)
    try run(node, .calling(usdc, "approve(address,uint256)", [.address(spender), .number(9)]))
    #expect(try transfers(run(node, order)).first?.from == owner)
    #expect(try run(node, order).receipt.outcome == .failed)
  }

  @Test("USDC's pause, blacklist and upgrade are logged, and stop what they stop")
  func administration() throws {
    let node = try makeEthereumNode()
    func topic(_ outcome: SimulatedEthereumBlock.Outcome) -> [Hash32] {
      outcome.receipt.logs.map { $0.topics[0] }
    }
    let paused = try run(node, .calling(usdc, "pause()"))
    #expect(paused.receipt.logs.count == 1)
    #expect(try run(node, .token(usdc, 1, to: payee)).trace.revertReason == "Pausable: paused")
    #expect(try topic(run(node, .calling(usdc, "unpause()"))) != topic(paused))
    try run(node, .calling(usdc, "blacklist(address)", [.address(payee)]))
    #expect(
      try run(node, .token(usdc, 1, to: payee)).trace.revertReason
        == "Blacklistable: account is blacklisted")
    try run(node, .calling(usdc, "unBlacklist(address)", [.address(payee)]))
    #expect(try run(node, .token(usdc, 1, to: payee)).receipt.outcome == .succeeded)
    let upgraded = try run(node, .calling(usdc, "upgradeTo(address)", [.address(account(0x55))]))
    #expect(upgraded.receipt.logs.first?.topics.last == account(0x55).paddedWord)
    // Only the owner may.
    let stranger = EthereumOrder.calling(usdc, "pause()").by(account: 1)
    #expect(try run(node, stranger).receipt.outcome == .failed)
  }

  @Test("USDT's fee logs two Transfers, of which one is the payment")
  func fee() throws {
    let node = try makeEthereumNode()
    #expect(try transfers(run(node, .token(usdt, 1_000, to: payee))).map(\.value) == [1_000])
    try run(
      node, .calling(usdt, "setParams(uint256,uint256)", [.number(10), .number(1)]))
    let outcome = try run(node, .token(usdt, 100_000, to: payee).by(account: 1))
    let owner = SimulatedAccount.account(0).address
    #expect(transfers(outcome).map(\.to) == [owner, payee])
    #expect(transfers(outcome).map(\.value) == [100, 99_900])
    #expect(outcome.trace.output.isEmpty)
    #expect(node.balance(of: payee, in: usdt) == 100_900)
  }

  @Test("black funds are destroyed without a Transfer")
  func blackFunds() throws {
    let node = try makeEthereumNode()
    try run(node, .token(usdt, 1_000, to: payee))
    let early = try run(node, .calling(usdt, "destroyBlackFunds(address)", [.address(payee)]))
    #expect(early.receipt.outcome == .failed)
    try run(node, .calling(usdt, "addBlackList(address)", [.address(payee)]))
    let outcome = try run(node, .calling(usdt, "destroyBlackFunds(address)", [.address(payee)]))
    #expect(outcome.receipt.logs.count == 1)
    #expect(transfers(outcome).isEmpty)
    #expect(node.balance(of: payee, in: usdt) == .zero)
  }

  @Test("a deprecated USDT hands calls on to its successor, which logs them")
  func deprecation() throws {
    let node = try makeEthereumNode()
    let successor = SimulatedContracts.usdtSuccessor
    try run(node, .calling(usdt, "deprecate(address)", [.address(successor)]))
    let outcome = try run(node, .token(usdt, 1_000, to: payee))
    #expect(transfers(outcome).map(\.contract) == [successor])
    #expect(node.balance(of: payee, in: usdt) == .zero)
    #expect(node.balance(of: payee, in: successor) == 1_000)
    #expect(outcome.trace.calls.map(\.to) == [successor])
  }

  @Test(
    "a look-alike logs what isn't a strict Transfer",
    arguments: ["logFourTopics", "logOneTopic", "logDirtyPadding", "logLongData"])
  func lookalike(function: String) throws {
    let node = try makeEthereumNode()
    let fake = SimulatedContracts.fake
    #expect(try transfers(run(node, .token(fake, 5, to: payee))).map(\.contract) == [fake])
    let outcome = try run(
      node,
      .calling(fake, "\(function)(address,uint256)", [.address(payee), .number(5)]))
    #expect(outcome.receipt.outcome == .succeeded)
    #expect(outcome.receipt.logs.first?.topics.first == TokenTransfer.topic)
    #expect(transfers(outcome).isEmpty)
  }

  @Test("too little gas takes it all and moves nothing")
  func outOfGas() throws {
    let node = try makeEthereumNode()
    let outcome = try run(node, EthereumOrder.token(usdc, 5, to: payee).withGasLimit(40_000))
    #expect(outcome.trace.error == "out of gas")
    #expect(outcome.gasUsed == 40_000)
    #expect(node.balance(of: payee, in: usdc) == .zero)
  }
}

@Suite("Ether inside the contracts of a simulated EVM chain")
struct EthereumForwarderTests {
  private let payee = account(0x77)
  private let forwarder = SimulatedContracts.forwarder

  /// What calling a function of the forwarder with 1,000 wei did, and what the payee has then.
  private func run(
    _ function: String, fork: EthereumChainOptions.Fork = .prague
  ) throws -> (outcome: SimulatedEthereumBlock.Outcome, received: UInt256) {
    let node = try makeEthereumNode(options: EthereumChainOptions(fork: fork))
    try node.send(
      .calling(forwarder, "\(function)(address)", [.address(payee)], wei: 1_000))
    let block = try #require(try node.mine().first)
    return (try #require(block.outcomes.first), node.balance(of: payee))
  }

  @Test("ether sent on by an inner call arrives", arguments: ["forward", "destroyInto"])
  func arrives(function: String) throws {
    let (outcome, received) = try run(function)
    #expect(received == 1_000)
    #expect(outcome.receipt.outcome == .succeeded)
    #expect(outcome.receipt.logs.isEmpty)
    let frame = try #require(outcome.trace.calls.first)
    #expect(frame.kind == (function == "forward" ? .call : .selfDestruct))
    #expect(frame.from == forwarder)
    #expect(frame.to == payee)
    #expect(frame.value == 1_000)
    #expect(frame.error == nil)
  }

  @Test(
    "phantoms show a value and move none",
    arguments: ["delegate", "callCode", "overdraw", "innerReverts", "forwardAndRevert"])
  func phantoms(function: String) throws {
    let (outcome, received) = try run(function)
    #expect(received == .zero)
    let isFailed = function == "forwardAndRevert"
    #expect(outcome.receipt.outcome == (isFailed ? .failed : .succeeded))
    let frame = try #require(outcome.trace.calls.first)
    switch function {
    case "delegate": #expect(frame.kind == .delegateCall && frame.value == 1_000)
    case "callCode": #expect(frame.kind == .callCode && frame.value == 1_000)
    case "overdraw":
      #expect(frame.error == "insufficient balance for transfer")
      #expect(frame.value == 1_001)
    case "innerReverts":
      #expect(frame.error == "execution reverted")
      // The call that paid doesn't say itself that it was undone.
      #expect(frame.calls.first?.to == payee)
      #expect(frame.calls.first?.value == 1_000)
      #expect(frame.calls.first?.error == nil)
    default:
      #expect(outcome.trace.revertReason == "reverted after forwarding")
      #expect(frame.error == nil && frame.value == 1_000)
    }
  }

  @Test("one transaction can pay several, each by its own call")
  func several() throws {
    let node = try makeEthereumNode()
    let payees = [account(1), account(2), account(1)]
    try node.send(
      .calling(
        forwarder, "forwardEach(address[],uint256)", [.addresses(payees), .number(300)],
        wei: 1_000))
    let block = try #require(try node.mine().first)
    #expect(block.outcomes.first?.trace.calls.map(\.to) == payees)
    #expect(node.balance(of: account(1)) == 600)
    #expect(node.balance(of: account(2)) == 300)
    #expect(node.balance(of: forwarder) == 100)
  }

  @Test("after Amsterdam every movement of ether is logged beside its call, and undone with it")
  func transferLogs() throws {
    let (outcome, _) = try run("forward", fork: .amsterdam)
    #expect(outcome.receipt.logs.count == 2)
    for log in outcome.receipt.logs {
      #expect(log.address == TokenTransfer.systemAddress)
      #expect(log.topics.first == TokenTransfer.topic)
      // So no token is seen in it.
      #expect(TokenTransfer(log) == nil)
    }
    #expect(outcome.receipt.logs.last?.topics.last == payee.paddedWord)
    #expect(try run("forwardAndRevert", fork: .amsterdam).outcome.receipt.logs.isEmpty)
    #expect(try run("innerReverts", fork: .amsterdam).outcome.receipt.logs.count == 1)
  }
}
