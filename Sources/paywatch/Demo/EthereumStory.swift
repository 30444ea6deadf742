internal import Addresses
internal import Bytes
internal import ChainSim
internal import ChainTypes

/// What happens on the demo's EVM chain: ether and tokens, and what only looks like them.
struct EthereumStory {
  let api: DemoAPI
  let node: SimulatedEthereumNode
  let teller: Teller

  static let chain = "ethereum-demo"

  func run() async throws {
    try await ether()
    try await tokens()
    try await insideATransaction()
    try await lookalikes()
    try await reorganised()
  }

  // MARK: Scenes

  private func ether() async throws {
    await teller.scene("Ether: credited once its block is proved, final when the chain says so")
    let payment = try await request("roaster", "ETH", "0.5")
    try await send("0.5 ETH", .ether(Self.wei(500), to: address(of: payment)))
    try await mine(1)
    try await teller.expect("payment.processing", of: payment.id)
    try await mine(1)
    try await teller.expect("payment.paid", of: payment.id)
    try await mine(8)
    try await teller.expect("payment.settled", of: payment.id)
  }

  private func tokens() async throws {
    await teller.scene("USDC and USDT: the transfer's log counts, in a receipt that is proved")
    let usdc = try await request("mugs", "USDC", "12.50")
    let usdt = try await request("syrup", "USDT", "7")
    try await send(
      "12.50 USDC",
      .token(SimulatedContracts.usdc, 12_500_000, to: address(of: usdc)))
    try await send(
      "7 USDT", .token(SimulatedContracts.usdt, 7_000_000, to: address(of: usdt)).by(account: 1))
    try await mine(2)
    try await teller.expect("payment.paid", of: usdc.id)
    try await teller.expect("payment.paid", of: usdt.id)
  }

  private func insideATransaction() async throws {
    await teller.scene(
      "Ether from a contract: found by a trace, credited because balances prove it")
    let payment = try await request("subscription", "ETH", "0.25")
    try await send(
      "0.25 ETH through a contract",
      .calling(
        SimulatedContracts.forwarder, "forward(address)", [.address(address(of: payment))],
        wei: Self.wei(250)))
    try await mine(2)
    try await teller.expect("payment.paid", of: payment.id)
  }

  private func lookalikes() async throws {
    await teller.scene("What only looks like money")
    let payment = try await request("tamper", "USDC", "30")
    let payee = try address(of: payment)
    try await send(
      "30 tokens of another contract that calls itself USDC",
      .token(SimulatedContracts.fake, 30_000_000, to: payee))
    try await mine(1)
    try await teller.expectTransfer("transfer.misdirected")
    await teller.tell("paywatch", "not credited: that contract isn't the USDC that is listed")
    try await send("a transfer of 0 USDC", .token(SimulatedContracts.usdc, 0, to: payee))
    try await mine(1)
    try await teller.expectTransfer("transfer.quarantined")
    await teller.tell("paywatch", "not credited: nothing was moved")
    try await send(
      "0.1 ETH through a contract that reverts",
      .calling(
        SimulatedContracts.forwarder, "forwardAndRevert(address)", [.address(payee)],
        wei: Self.wei(100)
      ).withGasLimit(200_000))
    try await mine(2)
    let now = try await api.payment(payment.id)
    guard now.transfers.isEmpty, now.status == "open" else {
      throw CommandFailure("what only looks like money was credited: \(now)")
    }
    await teller.tell(
      "paywatch", "not credited: the receipt's status is 0, so nothing moved; still \(now.status)")
    try await send("30 USDC", .token(SimulatedContracts.usdc, 30_000_000, to: payee))
    try await mine(2)
    try await teller.expect("payment.paid", of: payment.id)
  }

  private func reorganised() async throws {
    await teller.scene("A reorg moves a token transfer to another block: the same transfer")
    let payment = try await request("scales", "USDT", "40")
    try await send(
      "40 USDT", .token(SimulatedContracts.usdt, 40_000_000, to: address(of: payment)))
    try await mine(2)
    try await teller.expect("payment.paid", of: payment.id)
    try node.reorganize(depth: 2, transactions: .pending)
    await teller.tell("proposer", "another branch: the last two blocks without the transfer")
    try await teller.expect("payment.reversed", of: payment.id)
    try await mine(2)
    try await teller.expect("payment.paid", of: payment.id)
  }

  // MARK: What people do

  private func request(
    _ order: String, _ asset: String, _ amount: String
  ) async throws -> DemoAPI.Payment {
    await teller.tell("shop", "POST /v1/payments: order \(order), \(amount) \(asset)")
    let payment = try await api.createPayment(
      order: order, chain: Self.chain, asset: asset, amount: amount, expiresIn: 900)
    await teller.call(payment.id, order)
    await teller.tell("", "-> \(payment.uri)")
    try await teller.expect("payment.created", of: payment.id)
    return payment
  }

  private func address(of payment: DemoAPI.Payment) throws -> EthereumAddress {
    try EthereumAddress(payment.address)
  }

  func send(
    _ what: String, _ order: EthereumOrder, by who: String = "customer"
  ) async throws {
    let sent = try node.send(order)
    await teller.tell(who, "sends \(what): transaction 0x\(sent.hash.hex.prefix(8))…")
  }

  func mine(_ count: Int) async throws {
    for _ in 0..<count { _ = try node.mine() }
    await teller.tell("proposer", count == 1 ? "a block" : "\(count) blocks")
  }

  /// Thousandths of an ether.
  static func wei(_ thousandths: UInt64) -> UInt256 {
    UInt256(thousandths * 1_000_000_000_000_000)
  }
}
