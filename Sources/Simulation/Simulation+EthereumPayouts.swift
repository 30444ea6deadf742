internal import Addresses
internal import Bytes
internal import ChainSim
internal import ChainTypes
internal import Database
internal import Ethereum
internal import Keys
internal import Payments
internal import Settlement

// What is EVM chains' own of money out: treasuries that need ether, nonces, gas for sweeps.
extension Simulation {
  private func payouts(_ place: Int) -> EthereumPayouts? {
    // Tips differ from day to day.
    let floor = UInt256(UInt64.random(in: 1...1_000_000_000, using: &random))
    guard
      let bounds = FeeBounds(
        tipFloor: floor, tipCeiling: UInt256(50_000_000_000),
        maxFeeCeiling: UInt256(500_000_000_000))
    else { return nil }
    return EthereumPayouts(
      spec: chains[place].spec, pool: world.process.ethereumPools[place - 1],
      database: world.database, limits: .init(fees: bounds))
  }

  func randomness() -> EthereumPayouts.Randomness {
    let stream = RandomStream(seed: random.next())
    return { (stream.next(), stream.next()) }
  }

  func buildOnEthereum(_ place: Int) async throws {
    if Int.random(in: 0..<8, using: &random) == 0 { return try await fundTreasury(place) }
    guard let payouts = payouts(place) else { return }
    let tenant = try await tenantToPayFor(on: place)
    let (random, now) = (randomness(), laterNow)
    let assets = chains[place].spec.assets.map(\.asset)
    guard Int.random(in: 0..<3, using: &self.random) == 0,
      let asset = assets.randomElement(using: &self.random),
      let worth = SweepWorth.Rate(
        wei: UInt256(Asset.eth.simulatedScale / asset.simulatedScale), minorUnits: .one)
    else {
      return try await attempt("build") {
        Self.text(try await payouts.payRefunds(tenant: tenant, now: now, random: random))
      }
    }
    try await attempt("sweep \(asset)") {
      Self.text(
        try await payouts.sweep(
          asset.contract, weiPer: worth, tenant: tenant, now: now, random: random))
    }
  }

  private static func text(_ outcome: EthereumPayouts.Outcome) -> String {
    let made = outcome.made.map { "\($0.purpose) \($0.id)" }.joined(separator: ", ")
    let left = outcome.left.map { "\($0.subject) left: \($0.reason)" }
    return ([made] + left).joined(separator: "; ")
  }

  func raiseFeeOnEthereum(_ place: Int, of old: OutgoingTransaction) async throws {
    guard let payouts = payouts(place) else { return }
    let (random, now) = (randomness(), laterNow)
    try await attempt("replace \(old.id)") {
      try await payouts.replace(old.id, tenant: old.tenant, now: now, random: random).id
    }
  }

  /// Somebody wants one not to be mined, whatever it is for.
  func voidOnEthereum(_ place: Int, anyOf made: [OutgoingTransaction]) async throws {
    guard let payouts = payouts(place), let old = made.randomElement(using: &random) else { return }
    let (random, now) = (randomness(), laterNow)
    try await attempt("make \(old.id) void") {
      try await payouts.void(old.id, tenant: old.tenant, now: now, random: random).id
    }
  }

  // MARK: The treasury

  /// The tenants' accounts that refunds are paid from, once all watchers watch them.
  private func treasuries() async throws -> [[UInt8]] {
    try await world.database.read { connection in
      try connection.query(
        """
        SELECT addresses.script FROM addresses
        JOIN accounts ON accounts.account_id = addresses.account_id
        WHERE accounts.family = 'ethereum' AND accounts.purpose = 'treasury'
          AND addresses.child_index = 0
          AND addresses.ordinal <= (SELECT MIN(addresses_through) FROM chains
            WHERE family = 'ethereum')
        ORDER BY addresses.ordinal
        """
      ).map { try $0.blob("script") }
    }
  }

  /// Most shops send their treasuries something once they know them.
  func openTreasuries(_ place: Int) async throws {
    guard !openTreasuries.contains(place) else { return }
    let treasuries = try await treasuries()
    guard !treasuries.isEmpty else { return }
    openTreasuries.insert(place)
    let nodes = world.ethereum[place - 1].map(\.node)
    for treasury in treasuries where Int.random(in: 0..<4, using: &random) > 0 {
      guard let account = Hash20(treasury).map(EthereumAddress.init) else { continue }
      let node = nodes[Int.random(in: nodes.indices, using: &random)]
      for asset in chains[place].spec.assets.map(\.asset) {
        let amount = UInt256(
          UInt64.random(in: 2_000_000...9_000_000, using: &random) * asset.simulatedScale)
        let order =
          asset.contract.map { EthereumOrder.token(EthereumAddress($0), amount, to: account) }
          ?? .ether(amount, to: account)
        let account = Int.random(in: 1..<node.options.accountCount, using: &random)
        _ = try? node.send(order.by(account: account))
      }
      note("a treasury is opened at \(node.name)")
    }
  }

  /// A shop sends its treasury what its refunds need, in whatever way.
  private func fundTreasury(_ place: Int) async throws {
    let assets = chains[place].spec.assets.map(\.asset)
    guard let treasury = try await treasuries().randomElement(using: &random),
      let asset = Bool.random(using: &random) ? .eth : assets.randomElement(using: &random)
    else { return }
    let amount = UInt64.random(in: 1_000_000...6_000_000, using: &random) * asset.simulatedScale
    let bill = Bill(recipient: treasury, asset: asset, amounts: [amount], other: nil)
    note(chains[place].pay(bill, &random).map { "fund the treasury: \($0)" })
  }

  /// Tokens move again, and shops send their treasuries what was lost on the way.
  func reopenTreasuries(_ place: Int) async throws {
    let node = world.ethereum[place - 1][0].node
    for token in [SimulatedContracts.usdc, SimulatedContracts.usdt] {
      _ = try? node.send(.calling(token, "unpause()"))
    }
    _ = try? node.send(
      .calling(SimulatedContracts.usdt, "deprecate(address)", [.address(EthereumAddress(Hash20()))])
    )
    openTreasuries.remove(place)
    try await openTreasuries(place)
  }

  /// All have enough for what waits.
  func topUp(_ place: Int) async throws {
    let node = world.ethereum[place - 1][0].node
    for treasury in try await treasuries() {
      guard let account = Hash20(treasury).map(EthereumAddress.init) else { continue }
      _ = try? node.send(.ether(UInt256(1_000_000_000_000_000_000), to: account))
    }
  }

  // MARK: The signer and the sender

  func signedOnEthereum(_ transaction: OutgoingTransaction) throws -> [UInt8] {
    guard let path = transaction.keyPath else {
      throw Broken(reasons: ["\(transaction.id) doesn't say whose it is"])
    }
    let master = try masterKey ?? Pipeline.masterKey()
    masterKey = master
    return try EthereumTransaction(unsigned: Hex.decode(transaction.unsigned.dropFirst(2)))
      .signed(by: master.descendant(DerivationPath(path)).key).encoded
  }

  func ethereumBroadcaster(_ place: Int) -> OutgoingBroadcaster {
    OutgoingBroadcaster(
      chain: chains[place].spec.name, database: world.database,
      pool: world.process.ethereumPools[place - 1])
  }

  /// Somebody gives one node what was signed, and perhaps replaced since; or given up, though a
  /// signed copy exists.
  func giveAround(_ place: Int) async throws {
    let nodes = world.ethereum[place - 1].map(\.node)
    let node = nodes[Int.random(in: nodes.indices, using: &random)]
    guard Int.random(in: 0..<3, using: &random) == 0,
      let signed = try await outgoing(on: place, [.built, .signed, .broadcast, .canceled])
        .randomElement(using: &random),
      case let raw = try signed.raw ?? signedOnEthereum(signed),
      let known = KnownEthereumTransaction(try EthereumTransaction(encoded: raw)),
      (try? node.accept(known)) != nil
    else { return }
    note("\(signed.id), which is \(signed.status), comes to \(node.name)")
  }
}
