internal import Addresses
internal import Bytes
internal import ChainTypes
internal import Database
internal import NodeRPC
internal import Payments
internal import Settlement

// The end of money out: once all that came is final there is something to pay back with.
extension Simulation {
  /// People are paid back through kills, replacements and reorgs, until every transaction that was
  /// made has come to rest. A halted chain makes none.
  func payBack() async throws {
    guard mode == .shallow else { return }
    for place in chains.indices.dropFirst() { try await reopenTreasuries(place) }
    for _ in 0..<16 {
      for place in chains.indices { try await payBackOnce(on: place) }
    }
    for _ in 0..<2 {
      world.time.advance(milliseconds: 122_000)
      for place in chains.indices {
        if place > 0 { try await topUp(place) }
        try await finishPayouts(on: place)
        note(chains[place].relay())
      }
      let deepest = chains.map { Int($0.spec.finalityDepth) }.max() ?? 0
      for _ in 0..<2 * deepest {
        world.time.advance(milliseconds: 120_000)
        for chain in chains { chain.advance() }
      }
      try await settle()
    }
    try await checkRest()
    for place in chains.indices { try await reconcile(place) }
  }

  private func payBackOnce(on place: Int) async throws {
    try await payOut(on: place)
    // What a token's owner does keeps some from having their effect.
    if place > 0, Int.random(in: 0..<8, using: &random) == 0 {
      note(chains[place].interfere(&random))
    }
    note(
      Int.random(in: 0..<4, using: &random) == 0
        ? chains[place].reorganise(&random) : chains[place].mine(&random))
    note(chains[place].relay())
    // Past the pause before something is sent again.
    world.time.advance(milliseconds: 61_000)
    learn()
    try await settle(place)
  }

  /// Nothing waits any more that was made, and no refund is on its way.
  private func checkRest() async throws {
    let (made, refunds) = try await world.database.read { connection in
      (
        try OutgoingRecords.list(in: OutgoingStatus.allCases, limit: 10_000, in: connection),
        try connection.query("SELECT refund_id, chain, status FROM refunds").map {
          (id: try $0.text("refund_id"), chain: try $0.text("chain"), status: try $0.text("status"))
        }
      )
    }
    for transaction in made {
      let outcome = "\(transaction.purpose).\(transaction.status)"
      statistics.payouts[transaction.chain.text, default: [:]][outcome, default: 0] += 1
    }
    for refund in refunds {
      statistics.refunds[refund.chain, default: [:]][refund.status, default: 0] += 1
    }
    let moving: Set = ["built", "signed", "broadcast", "confirmed"]
    let waiting =
      made.filter(\.status.isPending).map { "\($0.id) is \($0.status)" }
      + refunds.filter { moving.contains($0.status) }.map { "\($0.id) is \($0.status)" }
    guard waiting.isEmpty else {
      throw Broken(
        reasons: ["money out doesn't come to rest: \(waiting.joined(separator: ", "))"])
    }
  }

  /// The chain's own nodes, asked by other means than the watchers', have what the books say.
  private func reconcile(_ place: Int) async throws {
    let reconciler = Reconciler(
      database: world.database, spec: chains[place].spec, clock: world.time)
    let outcome =
      place == 0
      ? try await reconciler.run(world.process.pool)
      : try await reconciler.run(world.process.ethereumPools[place - 1])
    let stored = try await world.database.read { try StoredState.read(from: $0) }
    let rows = outcome.rows.filter { row in
      uncounted(row, on: chains[place], stored).map { $0.decimal != row.difference } ?? true
    }
    guard rows.isEmpty else {
      throw Broken(reasons: rows.map { "\($0.chain ?? ""): \($0.reason)" })
    }
  }

  /// What an address got by the row's block as dust or in calls that nobody told of or proved, and
  /// which no balance has shown: it is there and in no books. Nil where there is none.
  private func uncounted(
    _ row: ReconciliationRow, on chain: any LivingChain, _ stored: StoredState
  ) -> UInt256? {
    guard row.contract == nil, let height = row.blockHeight,
      let account = row.address.flatMap({ try? EthereumAddress($0) })?.hash.bytes,
      let branch = chain.truth.branch(to: chain.agreedTip.hash)
    else { return nil }
    let rows = stored.chain(chain.spec.name)
    let ordinal = stored.addresses.first {
      $0.family == chain.spec.family.name && $0.script == account
    }?.ordinal
    let counted = rows.countedTransfers
    let missed = branch.prefix(Int(height) + 1).flatMap(\.transfers).filter {
      $0.recipient == account && $0.contract.isEmpty && !$0.hasFailed && !counted.contains($0.key)
    }
    let shown = rows.incomes.filter { $0.ordinal == ordinal && $0.height <= Int64(height) }
    func sum(_ values: [UInt256]) -> UInt256 {
      values.reduce(.zero) { (try? $0.adding($1)) ?? .max }
    }
    let rest = sum(missed.map(\.value)).subtractingOrZero(sum(shown.map(\.value)))
    return rest == .zero ? nil : rest
  }
}
