internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainSim
internal import ChainTypes

/// What happens in the demo: shops ask, customers pay, miners mine, blocks go and come.
struct Story {
  let api: DemoAPI
  let node: SimulatedBitcoinNode
  let teller: Teller
  let network: BitcoinNetwork

  func run() async throws {
    try await paidAtOnce()
    try await paidInTwo()
    try await replaced()
    try await reorganised()
    try await expiredAndLate()
    try await expired()
  }

  // MARK: Scenes

  private func paidAtOnce() async throws {
    await teller.scene("A payment in one transfer, known from the mempool before any block")
    let payment = try await request("espresso", "0.01000000")
    try await pay(payment, 1_000_000)
    try await teller.expect("payment.processing", of: payment.id)
    try await mine(1)
    try await teller.expect("payment.paid", of: payment.id)
    try await mine(5)
    try await teller.expect("payment.settled", of: payment.id)
  }

  private func paidInTwo() async throws {
    await teller.scene("A payment in two transfers")
    let payment = try await request("beans", "0.01500000")
    try await pay(payment, 1_000_000)
    try await mine(1)
    try await teller.expect("payment.partially_paid", of: payment.id)
    try await pay(payment, 500_000)
    try await teller.expect("payment.processing", of: payment.id)
    try await mine(1)
    try await teller.expect("payment.paid", of: payment.id)
  }

  private func replaced() async throws {
    await teller.scene("A customer takes the money back before it is in a block, then pays")
    let payment = try await request("grinder", "0.01200000")
    let first = try await pay(payment, 1_200_000)
    try await teller.expect("payment.processing", of: payment.id)
    let other = try node.conflict(
      with: first.transaction,
      paying: [TransactionOutput(value: 1_200_000, scriptPubKey: Faucet.scriptPubKey)])
    try node.accept(other)
    await teller.tell("customer", "replaces it by a transaction that pays someone else")
    try await teller.expect("payment.reversed", of: payment.id)
    try await pay(payment, 1_200_000)
    try await mine(1)
    try await teller.expect("payment.paid", of: payment.id)
  }

  private func reorganised() async throws {
    await teller.scene("A reorg takes a paid payment back, and returns it")
    let payment = try await request("kettle", "0.01900000")
    try await pay(payment, 1_900_000)
    try await mine(1)
    try await teller.expect("payment.paid", of: payment.id)
    let blocks = try node.fork(depth: 1, blocks: 2)
    await teller.tell(
      "miner",
      "another branch has more work: blocks \(blocks.map { "\($0.height)" }.joined(separator: ", "))"
        + " without the transfer")
    try await teller.expect("payment.reversed", of: payment.id)
    try await mine(1)
    try await teller.expect("payment.paid", of: payment.id)
  }

  private func expiredAndLate() async throws {
    await teller.scene("A payment expires; the money comes late, and the shop accepts it")
    let payment = try await request("scale", "0.01100000", expiresIn: 2)
    try await teller.expect("payment.expired", of: payment.id)
    try await pay(payment, 1_100_000)
    try await teller.expect("payment.late", of: payment.id)
    try await mine(1)
    await teller.tell("shop", "POST /v1/payments/\(payment.id)/resolve: accept")
    _ = try await api.accept(payment.id, dueMinor: "1100000")
    try await teller.expect("payment.paid", of: payment.id)
  }

  private func expired() async throws {
    await teller.scene("A payment that nobody pays")
    let payment = try await request("filter", "0.00500000", expiresIn: 2)
    try await teller.expect("payment.expired", of: payment.id)
  }

  // MARK: What people do

  func request(
    _ order: String, _ amount: String, expiresIn: Int = 900
  ) async throws -> DemoAPI.Payment {
    await teller.tell("shop", "POST /v1/payments: order \(order), \(amount) BTC")
    let payment = try await api.createPayment(order: order, amount: amount, expiresIn: expiresIn)
    await teller.call(payment.id, order)
    await teller.tell("", "-> \(payment.uri)")
    try await teller.expect("payment.created", of: payment.id)
    return payment
  }

  @discardableResult
  func pay(
    _ payment: DemoAPI.Payment, _ satoshi: UInt64
  ) async throws -> KnownTransaction {
    let script = try BitcoinAddress(payment.address, network: network).output.scriptPubKey
    let transaction = try node.pay(script, value: satoshi)
    await teller.tell(
      "customer", "sends \(satoshi) satoshi: transaction \(transaction.txid.displayHex.prefix(8))…")
    return transaction
  }

  func mine(_ count: Int) async throws {
    let blocks = try node.mine(count)
    guard let first = blocks.first, let last = blocks.last else { return }
    let range = count == 1 ? "block \(first.height)" : "blocks \(first.height) to \(last.height)"
    await teller.tell("miner", "\(range)")
  }
}
