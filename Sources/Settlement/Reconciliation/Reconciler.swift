package import Bytes
package import ChainTypes
package import Database
package import NodeRPC
internal import Watching

/// Asks a chain's nodes what our addresses have, at blocks that the watchers have covered, and
/// holds what a quorum of them says against the books. Changes nothing.
package struct Reconciler: Sendable {
  let database: any Database
  let spec: ChainSpec
  private let tenant: String?
  private let clock: any RPCClock

  /// How many addresses one question to an EVM node is about.
  private static let accountLimit = 500
  /// How often a scan is made again whose block a reorganisation took.
  private static let scanAttempts = 3
  /// How long a scan's block is waited for that no watcher has covered yet.
  private static let coverMilliseconds = 1_000
  private static let coverAttempts = 120

  /// - Parameter tenant: whose addresses; everyone's where nil
  package init(
    database: any Database, spec: ChainSpec, tenant: String? = nil, clock: any RPCClock
  ) {
    self.database = database
    self.spec = spec
    self.tenant = tenant
    self.clock = clock
  }

  /// Why a chain can't be compared.
  package enum Failure: Error, Sendable, Equatable {
    /// No watcher has started it.
    case unknownChain
    /// The nodes are ahead of the watchers for longer than is waited for, or far behind them.
    case notCovered(BlockRef)
    /// Reorganisations took each block that was asked about, or no quorum stood at one.
    case reorganised
    /// No quorum of nodes says the same of a block's state.
    case nodesDisagree(BlockRef, String)
    /// No node has a covered block's state any more.
    case stateGone
    /// A token's contract doesn't tell balances.
    case noBalance(contract: Hash20)
  }

  /// What was compared.
  package struct Outcome: Sendable {
    package var rows: [ReconciliationRow] = []
    package var addresses = 0
    /// The last block at which the chain was asked; nil where there is no address.
    package var block: BlockRef?
    /// Nodes that say something else of that than the quorum, by their names.
    package var dissenting: Set<String> = []
  }

  // MARK: Bitcoin

  package func run(_ pool: NodePool) async throws -> Outcome {
    var outcome = Outcome()
    var last: UInt64 = 0
    while true {
      let page = try await addresses(after: last, limit: BitcoinNode.coinScanLimit)
      guard let first = page.first, let end = page.last else { break }
      try await compare(page, first.ordinal...end.ordinal, pool, &outcome)
      last = end.ordinal
    }
    return try await withLedger(outcome)
  }

  private func compare(
    _ page: [HeldAddress], _ ordinals: ClosedRange<UInt64>, _ pool: NodePool,
    _ outcome: inout Outcome
  ) async throws {
    for _ in 0..<Self.scanAttempts {
      guard let scan = try await agreedScan(of: page, pool, &outcome.dissenting),
        let held = try await coins(of: ordinals, at: scan.tip)
      else { continue }
      var unspent: [[UInt8]: [Outpoint: UInt256]] = [:]
      for coin in scan.coins {
        unspent[coin.scriptPubKey, default: [:]][coin.outpoint] = UInt256(coin.satoshi)
      }
      let reconciliation = Reconciliation(spec: spec, block: scan.tip)
      outcome.rows += page.compactMap {
        reconciliation.row(
          of: $0, held[$0.ordinal] ?? [], unspent: unspent[$0.script] ?? [:])
      }
      outcome.addresses += page.count
      outcome.block = scan.tip
      return
    }
    throw Failure.reorganised
  }

  /// What the books have at a block, once it is covered; nil where another one stands in its place.
  private func coins(
    of ordinals: ClosedRange<UInt64>, at block: BlockRef
  ) async throws -> [UInt64: [HeldCoin]]? {
    let spec = spec
    for _ in 0..<Self.coverAttempts {
      let (tip, held) = try await database.read { connection in
        guard let cursor = try ChainRecords.cursor(of: spec.name, in: connection) else {
          throw Failure.unknownChain
        }
        let isActive = try HoldingRecords.isActive(block, on: spec.name, in: connection)
        return (
          cursor.tip,
          isActive
            ? try HoldingRecords.coins(
              of: ordinals, on: spec, upTo: block.height, in: connection) : nil
        )
      }
      if let held { return held }
      guard tip.height < block.height else {
        // Far below, headers aren't kept.
        guard tip.height - block.height < ChainRecords.keptHeaders else {
          throw Failure.notCovered(block)
        }
        return nil
      }
      try await clock.sleep(milliseconds: Self.coverMilliseconds)
    }
    throw Failure.notCovered(block)
  }

  // MARK: EVM chains

  package func run(_ pool: EthereumPool) async throws -> Outcome {
    for block in try await candidates() {
      do {
        return try await run(pool, at: block)
      } catch NodePoolError.tooFewAnswers(_, let failures)
        where failures.contains(where: \.isGoneState)
      {
        continue
      }
    }
    throw Failure.stateGone
  }

  /// Covered blocks in the order in which they are asked about: the last final one, and one that is
  /// deep enough for nodes to agree on.
  private func candidates() async throws -> [BlockRef] {
    let chain = spec.name
    return try await database.read { connection in
      guard let cursor = try ChainRecords.cursor(of: chain, in: connection) else {
        throw Failure.unknownChain
      }
      var blocks: [BlockRef] = []
      if let final = cursor.finalized,
        try HoldingRecords.isActive(final, on: chain, in: connection)
      {
        blocks.append(final)
      }
      for depth in [2, 0] as [UInt32] {
        let height = cursor.tip.height - min(depth, cursor.tip.height)
        if let hash = try HoldingRecords.hash(at: height, of: chain, in: connection) {
          blocks.append(BlockRef(height: height, hash: hash))
        }
      }
      return blocks
    }
  }

  private func run(_ pool: EthereumPool, at block: BlockRef) async throws -> Outcome {
    let spec = spec
    let sent = try await database.read {
      try HoldingRecords.sent(on: spec.name, upTo: block.height, in: $0)
    }
    var outcome = Outcome()
    outcome.block = block
    var last: UInt64 = 0
    while true {
      let page = try await addresses(after: last, limit: Self.accountLimit)
      guard let first = page.first, let end = page.last else { break }
      let balances = try await balances(of: page, at: block, pool, &outcome.dissenting)
      let ordinals = first.ordinal...end.ordinal
      let held = try await database.read { connection in
        guard try HoldingRecords.isActive(block, on: spec.name, in: connection) else {
          throw Failure.reorganised
        }
        return try HoldingRecords.holdings(
          of: ordinals, on: spec, upTo: block.height, in: connection)
      }
      outcome.rows += rows(of: page, held, sent, balances, at: block)
      outcome.addresses += page.count
      last = end.ordinal
    }
    return try await withLedger(outcome)
  }

  private func rows(
    of page: [HeldAddress], _ held: [UInt64: [Hash20?: Holding]],
    _ sent: [Hash20: [Hash20?: Holding]], _ balances: [Hash20?: [UInt256]], at block: BlockRef
  ) -> [ReconciliationRow] {
    let reconciliation = Reconciliation(spec: spec, block: block)
    let assets = [nil] + spec.tokens.map(\.asset.contract)
    return page.enumerated().flatMap { place, address in
      assets.compactMap { contract in
        var holding = held[address.ordinal]?[contract] ?? Holding(contract: contract)
        if let out = Hash20(address.script).flatMap({ sent[$0]?[contract] }) {
          holding.add(out.sent, as: .sent(isEstimated: out.hasEstimatedCost))
        }
        guard let balances = balances[contract], balances.indices.contains(place) else {
          return nil
        }
        return reconciliation.row(of: address, holding, balance: balances[place])
      }
    }
  }

  // MARK: All chains

  private func addresses(after ordinal: UInt64, limit: Int) async throws -> [HeldAddress] {
    let (family, tenant) = (spec.family.name, tenant)
    return try await database.read {
      try HoldingRecords.addresses(
        of: family, tenant: tenant, after: ordinal, limit: limit, in: $0)
    }
  }

  private func withLedger(_ outcome: Outcome) async throws -> Outcome {
    let spec = spec
    let (tip, totals) = try await database.read { connection in
      guard let cursor = try ChainRecords.cursor(of: spec.name, in: connection) else {
        throw Failure.unknownChain
      }
      return (cursor.tip, try TreasuryTotals(of: spec, in: connection))
    }
    var outcome = outcome
    outcome.rows += totals.rows(Reconciliation(spec: spec, block: tip), tenant: tenant)
    return outcome
  }
}

extension NodeFailure {
  fileprivate var isGoneState: Bool {
    if case .pruned = error { true } else { false }
  }
}
