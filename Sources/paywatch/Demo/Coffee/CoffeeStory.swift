internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainSim
internal import ChainTypes
internal import Payments
internal import Settings

/// A coffee shop: what its customers order, what becomes of it, and what everybody is told.
struct CoffeeStory {
  let bitcoin: Story
  let ethereum: EthereumStory
  let treasurer: Treasurer
  let hook: ShopHook
  let phones: CustomerPhones

  private var api: DemoAPI { bitcoin.api }
  private var teller: Teller { bitcoin.teller }

  private static let location = "old town"

  func run() async throws {
    let milk = try await opens()
    try await flatWhite()
    try await nobodyPays(milk)
    try await paysTooMuch()
    try await takenBack()
    try await told()
  }

  // MARK: Scenes

  /// Gives the milk's id.
  private func opens() async throws -> String {
    await teller.scene("A coffee shop opens: its stock, its customers, a webhook for its systems")
    var ids: [String] = []
    for (product, unit, quantity) in [
      ("milk", "ml", 2_000), ("oat milk", "ml", 600), ("coffee beans", "g", 1_000),
    ] {
      let supply = try await api.createSupply(
        location: Self.location, product: product, unit: unit, onHand: quantity)
      ids.append(supply.id)
      await teller.call(supply.id, product)
      await teller.tell("shop", "POST /v1/supplies: \(quantity) \(unit) of \(product)")
    }
    for (customer, language) in [("ada", "en"), ("ben", "de"), ("cleo", "fr"), ("dan", "en")] {
      try await api.notify(customer, provider: phones.name, language: language)
    }
    await teller.tell("customers", "have their phones told, each in their language")
    try await hook.register(at: api)
    await teller.tell("shop", "POST /v1/webhooks: \(hook.url)")
    return ids[0]
  }

  private func flatWhite() async throws {
    await teller.scene("A flat white with oat milk for 4.50 USD, paid in USDC")
    let order = try await place(
      "a flat white with oat milk", customer: "ada", .flatWhite,
      paidIn: ("USDC", EthereumStory.chain))
    let payment = try await paymentOf(order)
    let amount = try Amount(units: payment.amount, asset: usdc()).minorUnits
    try await ethereum.send(
      "\(payment.amount) USDC",
      .token(SimulatedContracts.usdc, amount, to: try EthereumAddress(payment.address)), by: "ada")
    try await ethereum.mine(2)
    try await teller.expect("order.confirmed", of: order.id)
    for step in ["prepare", "ready"] {
      await teller.tell("barista", "POST /v1/orders/\(order.id)/\(step)")
      _ = try await api.decide(order.id, step)
      try await teller.expect(step == "ready" ? "order.ready" : "order.preparing", of: order.id)
    }
    let claim = try await claimOf(order)
    guard try await api.process(claim.id, code: "0000-0000-0000-0000") == nil else {
      throw CommandFailure("a guessed code was taken")
    }
    await teller.tell("stranger", "guesses a code: refused")
    let code = try await api.code(of: claim.id)
    await teller.tell("ada", "GET /v1/claims/\(claim.id)/code: shows \(code)")
    guard try await api.process(claim.id, code: code)?.status == "processed" else {
      throw CommandFailure("the code wasn't taken")
    }
    await teller.tell("barista", "POST /v1/claims/\(claim.id)/process: hands it over")
    try await teller.expect("order.claimed", of: order.id)
    try await teller.expect("order.completed", of: order.id)
  }

  private func nobodyPays(_ milk: String) async throws {
    await teller.scene("An order that nobody pays: it times out, and its stock returns")
    let before = try await api.supply(milk).available
    let order = try await place(
      "a latte", customer: "ben", .latte, paidIn: ("BTC", "bitcoin-regtest"), expiresIn: 2)
    _ = try await paymentOf(order)
    let during = try await api.supply(milk).available
    try await teller.expect("order.canceled", of: order.id)
    let api = api
    try await teller.follow("stock that has returned") {
      try await api.supply(milk).available == before
    }
    guard during < before else { throw CommandFailure("no milk was set aside") }
    await teller.tell("shop", "\(during) ml of milk were free meanwhile, now \(before) again")
  }

  private func paysTooMuch() async throws {
    await teller.scene("Someone pays too much for a cappuccino in BTC, and gets the rest back")
    let order = try await place(
      "a cappuccino", customer: "cleo", .cappuccino, paidIn: ("BTC", "bitcoin-regtest"))
    let payment = try await paymentOf(order)
    let due = try satoshi(payment.amount)
    try await bitcoin.pay(payment, due + 100_000)
    try await bitcoin.mine(1)
    try await teller.expect("order.confirmed", of: order.id)
    try await bitcoin.mine(5)
    try await teller.expect("payment.settled", of: payment.id)
    guard let script = OutputScript(scriptPubKey: Faucet.scriptPubKey) else {
      throw CommandFailure("the customer has no address")
    }
    let address = BitcoinAddress(script, network: bitcoin.network).text
    let refund = try await api.refund(payment.id, kind: "overpayment", address: address)
    await teller.call(refund.id, "refund of cleo's")
    guard refund.amountMinor == "100000" else {
      throw CommandFailure("100000 satoshi were paid too much, not \(refund.amountMinor)")
    }
    await teller.tell("shop", "POST /v1/payments/\(payment.id)/refunds: overpayment")
    let made = try await treasurer.payRefunds()
    try await treasurer.signAndTakeIn(made)
    await teller.tell("signer", "payctl sign, on a machine without a network: \(made.id)")
    try await teller.expect("refund.broadcast", of: refund.id)
    try await bitcoin.mine(6)
    try await teller.expect("refund.final", of: refund.id)
  }

  private func takenBack() async throws {
    await teller.scene("A paid order's money is taken back by a reorg: the order is held")
    let order = try await place(
      "a filter coffee", customer: "dan", .filter, paidIn: ("BTC", "bitcoin-regtest"))
    let payment = try await paymentOf(order)
    try await bitcoin.pay(payment, try satoshi(payment.amount))
    try await bitcoin.mine(1)
    try await teller.expect("order.confirmed", of: order.id)
    _ = try await api.decide(order.id, "prepare")
    try await teller.expect("order.preparing", of: order.id)
    _ = try bitcoin.node.fork(depth: 1, blocks: 2)
    await teller.tell("miner", "another branch has more work, without dan's payment")
    try await teller.expect("payment.reversed", of: payment.id)
    let api = api
    try await teller.follow("held order") { try await api.order(order.id).status == "held" }
    await teller.tell("barista", "the order is held: it isn't handed over")
    try await bitcoin.mine(1)
    try await teller.follow("order that goes on") {
      try await api.order(order.id).status == "preparing"
    }
    await teller.tell("barista", "the payment is in a block again: it is prepared on")
  }

  /// What the shop's systems and the customers were told, held against what happened.
  private func told() async throws {
    await teller.scene("Everybody was told: the shop's systems, signed, and the customers")
    for type in ["order.confirmed", "order.ready", "order.claimed", "order.completed"] {
      try await hook.wait(for: type)
    }
    await teller.tell("shop", "\(hook.count) webhooks, each with a signature that holds")
    for (customer, words) in [
      ("ada", "ready"), ("ben", "abgelaufen"), ("cleo", "remboursement"), ("dan", "wait"),
    ] {
      try await phones.wait(for: customer, words)
    }
    await teller.tell("customers", "\(phones.count) messages in three languages")
  }

  // MARK: What people do

  private func place(
    _ what: String, customer: String, _ item: DemoAPI.Item, paidIn: (asset: String, chain: String),
    expiresIn: Int = 300
  ) async throws -> DemoAPI.Order {
    await teller.tell(customer, "POST /v1/orders: \(what), to be paid in \(paidIn.asset)")
    let order = try await api.createOrder(
      customer: customer, location: Self.location, item: item, asset: paidIn.asset,
      chain: paidIn.chain, expiresIn: expiresIn)
    await teller.call(order.id, "\(customer)'s order")
    try await teller.expect("order.created", of: order.id)
    return order
  }

  /// The payment that the order was given, as soon as it has one.
  private func paymentOf(_ order: DemoAPI.Order) async throws -> DemoAPI.Payment {
    let api = api
    try await teller.follow("payment of the order") {
      try await api.order(order.id).payment?.id != nil
    }
    guard let id = try await api.order(order.id).payment?.id else {
      throw CommandFailure("the order has no payment")
    }
    let payment = try await api.payment(id)
    await teller.call(id, "payment of \(order.customer ?? "")'s")
    await teller.tell("", "-> \(payment.uri)")
    return payment
  }

  /// The order's claim, as soon as claiming has heard that the order is ready.
  private func claimOf(_ order: DemoAPI.Order) async throws -> DemoAPI.Claim {
    let api = api
    try await teller.follow("claim of the order") {
      try await api.claim(ofOrder: order.id) != nil
    }
    guard let claim = try await api.claim(ofOrder: order.id) else {
      throw CommandFailure("the order has no claim")
    }
    await teller.call(claim.id, "claim of \(order.customer ?? "")'s")
    return claim
  }

  private func usdc() throws -> Asset {
    guard let asset = treasurer.ethereum.spec.listed("USDC")?.asset else {
      throw CommandFailure("the demo's chain lists USDC")
    }
    return asset
  }

  private func satoshi(_ units: String) throws -> UInt64 {
    let amount = try Amount(units: units, asset: .btc).minorUnits
    guard let satoshi = amount.asUInt64 else {
      throw CommandFailure("\(units) BTC are more than there are")
    }
    return satoshi
  }
}

extension DemoAPI.Item {
  fileprivate static let flatWhite = DemoAPI.Item(
    product: "flat white", price: "3.90", stock: ["coffee beans": 18],
    extra: ("oat milk", "0.60", ["oat milk": 150]))
  fileprivate static let latte = DemoAPI.Item(
    product: "latte", price: "4.20", stock: ["coffee beans": 18, "milk": 250])
  fileprivate static let cappuccino = DemoAPI.Item(
    product: "cappuccino", price: "3.80", stock: ["coffee beans": 18, "milk": 120])
  fileprivate static let filter = DemoAPI.Item(
    product: "filter coffee", price: "3.20", stock: ["coffee beans": 15])
}
