internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainSim
internal import ChainTypes
internal import Payments
internal import Settings

/// What happens to money afterwards: too much goes back, tokens are gathered, and the books agree
/// with the chains.
struct MoneyOutStory {
  let bitcoin: Story
  let ethereum: EthereumStory
  let treasurer: Treasurer

  private var api: DemoAPI { bitcoin.api }
  private var teller: Teller { bitcoin.teller }

  func run() async throws {
    try await overpaid()
    try await swept()
    await teller.scene("The books: double entry, held against the chains")
    try await Books(
      treasurer: treasurer, bitcoin: bitcoin.node, ethereum: ethereum.node
    ).tell()
  }

  // MARK: A refund

  private func overpaid() async throws {
    await teller.scene("Someone pays too much: the difference goes back, signed offline")
    let payment = try await bitcoin.request("cups", "0.01000000")
    try await bitcoin.pay(payment, 1_300_000)
    try await bitcoin.mine(1)
    try await teller.expect("payment.overpaid", of: payment.id)
    try await bitcoin.mine(5)
    try await teller.expect("payment.settled", of: payment.id)

    let script = Faucet.scriptPubKey
    guard let output = OutputScript(scriptPubKey: script) else {
      throw CommandFailure("the customer has no address")
    }
    let address = BitcoinAddress(output, network: bitcoin.network).text
    await teller.tell("shop", "POST /v1/payments/\(payment.id)/refunds: overpayment")
    await teller.tell("", "-> to \(address)")
    let refund = try await api.refund(payment.id, kind: "overpayment", address: address)
    await teller.call(refund.id, "refund of cups")
    guard refund.amountMinor == "300000" else {
      throw CommandFailure("300000 satoshi were paid too much, not \(refund.amountMinor)")
    }
    let made = try await treasurer.payRefunds()
    await teller.tell(
      "operator",
      "payctl payout build: a PSBT that spends final coins only, for a fee of "
        + "\(made.maximumFee.decimal) satoshi")
    try await teller.expect("refund.built", of: refund.id)
    try await sign(made)
    try await teller.expect("refund.broadcast", of: refund.id)
    try await bitcoin.mine(1)
    try await teller.expect("refund.confirmed", of: refund.id)
    try await bitcoin.mine(5)
    try await teller.expect("refund.final", of: refund.id)
    try await checkRefund(refund, to: script)
  }

  /// The customer's own look at the chain.
  private func checkRefund(_ refund: DemoAPI.Refund, to script: [UInt8]) async throws {
    let paid = try await api.refund(refund.id)
    guard let text = paid.txid, let txid = try? Hash32(displayHex: text),
      let coin = bitcoin.node.machine.coin(Outpoint(txid: txid, vout: 0)),
      coin.output == TransactionOutput(value: 300_000, scriptPubKey: script)
    else { throw CommandFailure("the customer doesn't find the refund: \(paid)") }
    await teller.tell("customer", "has 300000 satoshi back")
  }

  // MARK: A sweep

  private func swept() async throws {
    await teller.scene("USDC is gathered: its addresses get ether for gas, then it moves")
    guard let asset = treasurer.ethereum.spec.listed("USDC")?.asset else {
      throw CommandFailure("USDC isn't listed")
    }
    let treasury = try treasurer.signer.account(at: Treasurer.treasuryPath)
    try await ethereum.send(
      "0.1 ETH to the treasury \(treasury.text)", .ether(EthereumStory.wei(100), to: treasury),
      by: "operator")
    try await ethereum.mine(8)
    let payments = try await settled("USDC")
    let before = ethereum.node.balance(of: treasury, in: SimulatedContracts.usdc)

    let funding = try await sweep(asset, .gas)
    guard funding.count == payments.count else {
      throw CommandFailure("\(payments.count) addresses lack ether, \(funding.count) got some")
    }
    try await ethereum.mine(2)
    for transaction in funding { try await teller.expect("sweep.confirmed", of: transaction.id) }
    let sweeps = try await sweep(asset, .sweep)
    try await ethereum.mine(8)
    for transaction in sweeps { try await teller.expect("sweep.final", of: transaction.id) }

    let received = try payments.reduce(UInt256.zero) {
      try $0.adding(Amount(units: $1.received, asset: asset).minorUnits)
    }
    let now = ethereum.node.balance(of: treasury, in: SimulatedContracts.usdc)
    guard sweeps.count == payments.count, try now == before.adding(received) else {
      throw CommandFailure("the treasury has \(now.decimal) units of USDC after the sweeps")
    }
    await teller.tell(
      "chain", "the treasury has \(Amount(minorUnits: now, asset: asset)), all that was paid")
  }

  /// The shop's payments in that asset, once all of them are settled.
  private func settled(_ asset: String) async throws -> [DemoAPI.Payment] {
    let api = api
    try await teller.follow("settled payments in \(asset)") {
      try await api.payments().allSatisfy { $0.asset != asset || $0.status == "settled" }
    }
    return try await api.payments().filter { $0.asset == asset }
  }

  /// Has transactions made, signed and sent.
  private func sweep(_ asset: Asset, _ purpose: OutgoingPurpose) async throws
    -> [OutgoingTransaction]
  {
    let made = try await treasurer.sweep(asset, tokensPerEther: "3000")
    for (place, transaction) in made.enumerated() {
      guard transaction.purpose == purpose, let payout = transaction.payouts.first else {
        throw CommandFailure("\(transaction.id) is for \(transaction.purpose), not \(purpose)")
      }
      await teller.call(transaction.id, "\(purpose.rawValue) \(place + 1)")
      let spec = treasurer.ethereum.spec
      let moved = Amount(
        minorUnits: payout.amount, asset: payout.contract == nil ? spec.asset : asset)
      await teller.tell("operator", "payctl payout sweep: \(moved) to \(payout.address)")
      try await sign(transaction)
    }
    for transaction in made { try await teller.expect("sweep.broadcast", of: transaction.id) }
    return made
  }

  private func sign(_ transaction: OutgoingTransaction) async throws {
    await teller.tell("signer", "payctl sign, on a machine without a network: \(transaction.id)")
    try await treasurer.signAndTakeIn(transaction)
    await teller.tell("operator", "payctl payout broadcast: taken in, for the watcher to send")
  }
}
