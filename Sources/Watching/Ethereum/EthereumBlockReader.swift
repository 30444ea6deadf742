internal import Addresses
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Ethereum
internal import NodeRPC

/// What a proved block moved to watched addresses.
struct EthereumBlockReader: Sendable {
  let pool: EthereumPool
  let settings: EthereumWatcherSettings

  struct Reading: Sendable {
    let transfers: [ScannedTransfer]
    let inner: Inner
    /// Whether a single node told of the calls, though one alone isn't believed: what it left out
    /// only balances show.
    let isUnwitnessed: Bool
    fileprivate let block: BlockProof
    /// The places in the block of the transactions whose transfers may count.
    fileprivate let places: [Hash32: Int]
    /// Of whom calls paid, by transaction.
    fileprivate let balances: [Hash32: [BalanceProof]]
  }

  /// What is known of ether that calls inside the block's transactions moved.
  enum Inner: Hashable, Sendable {
    /// All that nodes tell of stands among the transfers, proved or not.
    case judged
    /// The same, but what nodes tell of lacks proofs that they may still give.
    case awaitsProofs
    /// Nodes may tell more later than they do now, which may be nothing.
    case awaitsTraces
    /// No node offers to tell.
    case untold

    var isTold: Bool { self == .judged || self == .awaitsProofs }
    /// Whether nodes may give more later.
    var mayPass: Bool { self == .awaitsTraces || self == .awaitsProofs }
  }

  /// Throws where the block can't be read, though its roots are right: the node's fault.
  func read(
    _ block: EthereumBlockSource.ProvedBlock, watching set: WatchSet
  ) async throws(BlockProofError) -> Reading {
    let accounts = WatchedAccounts(set: set)
    var findings = Findings(
      spec: settings.spec, accounts: accounts, strayLimit: settings.strayTransfersPerBlock)
    let direct = try block.proof.transfers(watching: accounts)
    for transfer in direct { findings.add(transfer, effect: effect(of: transfer)) }
    let inner = await addInner(of: block, beside: direct, to: &findings)
    return Reading(
      transfers: findings.transfers, inner: inner,
      isUnwitnessed: !block.told.isEmpty && block.told.count < min(pool.quorum, 2),
      block: block.proof, places: findings.places, balances: findings.balances)
  }

  private func effect(of transfer: EthereumTransfer) -> FoundTransfer.Effect {
    guard !transfer.hasFailed else { return .failed }
    return transfer.value < least(of: transfer.contract) ? .quarantined(.dust) : .moved
  }

  /// The least that isn't dust. Nothing is dust in any token.
  private func least(of contract: EthereumAddress?) -> UInt256 {
    let listed = contract.map { settings.spec.token($0.hash) } ?? settings.spec.coin
    return max(listed?.dustLimit ?? .one, .one)
  }

  // MARK: Inside transactions

  /// Ether that calls inside transactions moved to watched addresses, by nodes' traces. No root
  /// covers traces: one counts for an address where its balances before and after the block, proved
  /// against the state roots, differ by exactly what the trace says. Where none does, and where two
  /// do that say different things, what they say is unproven.
  ///
  /// - Parameter direct: what transactions and logs moved
  private func addInner(
    of block: EthereumBlockSource.ProvedBlock, beside direct: [EthereumTransfer],
    to findings: inout Findings
  ) async -> Inner {
    guard block.proof.header.gasUsed > 0 else { return .judged }
    guard settings.asksTraces else { return .untold }
    guard !block.told.isEmpty else { return block.lacksTraces ? .awaitsTraces : .untold }
    let told = block.told.map {
      InnerTelling($0, beside: direct, in: block.proof, accounts: findings.accounts)
    }
    let isUnknown = block.lacksTraces || block.told.contains { !$0.incomplete.isEmpty }

    // What is dust by everyone's word isn't worth a proof.
    let least = least(of: nil)
    let worthy = Set(told.flatMap { $0.recipients(ofAtLeast: least) })
    let recipients = worthy.sorted { $0.hash.hex < $1.hash.hex }
    let changes =
      recipients.isEmpty
      ? BalanceProofs.Changes()
      : await BalanceProofs(pool: pool, profile: settings.network.profile)
        .changes(of: recipients, in: block.proof)
    // Whose accounts each of them explains: the first explains the most.
    let explained = told.map { telling in
      recipients.filter { address in
        guard let gain = changes.byAddress[address]?.gain else { return false }
        return telling.gain(of: address) == gain
      }
    }
    let order = told.indices.sorted { (explained[$1].count, $0) < (explained[$0].count, $1) }
    var proved: Set<EthereumAddress> = []
    for address in recipients {
      let tellings = order.filter { explained[$0].contains(address) }.map { told[$0] }
      guard let first = tellings.first,
        tellings.allSatisfy({ $0.amounts(to: address) == first.amounts(to: address) })
      else { continue }
      proved.insert(address)
      for transfer in first.arrivals(to: address) {
        findings.add(
          transfer, effect: effect(of: transfer), changes.byAddress[address]?.proof)
      }
    }
    for telling in told {
      for transfer in telling.arrivals where !proved.contains(transfer.to) {
        findings.add(
          transfer,
          effect: .quarantined(worthy.contains(transfer.to) ? .unproven : .dust))
      }
    }
    if isUnknown || findings.leavesUnprovenOut { return .awaitsTraces }
    return changes.mayCome ? .awaitsProofs : .judged
  }

  /// Transfers in the order in which they were found, each identity once.
  private struct Findings {
    let spec: ChainSpec
    let accounts: WatchedAccounts
    let strayLimit: Int
    private var strays = 0
    private var unproven = 0
    /// Whether nodes told more that nothing proves than is recorded.
    private(set) var leavesUnprovenOut = false
    private(set) var transfers: [ScannedTransfer] = []
    private(set) var places: [Hash32: Int] = [:]
    private(set) var balances: [Hash32: [BalanceProof]] = [:]
    private var ids: Set<TransferID> = []

    init(spec: ChainSpec, accounts: WatchedAccounts, strayLimit: Int) {
      self.spec = spec
      self.accounts = accounts
      self.strayLimit = strayLimit
    }

    /// Unless it isn't to a watched address, or another one has its place: then two nodes
    /// contradict each other. Of what never counts only so many are taken: anyone can make
    /// thousands for cents.
    ///
    /// - Parameter balance: what shows that a call paid it
    mutating func add(
      _ transfer: EthereumTransfer, effect: FoundTransfer.Effect, _ balance: BalanceProof? = nil
    ) {
      let id = TransferID(chain: spec.name, txid: transfer.txid, position: .init(transfer.position))
      guard let ordinal = accounts.ordinal(of: transfer.to), !ids.contains(id) else { return }
      let isListed = transfer.contract.map { spec.token($0.hash) != nil } ?? true
      if !isListed || effect == .quarantined(.dust) {
        strays += 1
        guard strays <= strayLimit else { return }
      }
      if effect == .quarantined(.unproven) {
        unproven += 1
        leavesUnprovenOut = unproven > strayLimit
        guard !leavesUnprovenOut else { return }
      }
      ids.insert(id)
      if isListed, effect == .moved { places[transfer.txid] = transfer.transactionIndex }
      if let balance, balances[transfer.txid]?.contains(balance) != true {
        balances[transfer.txid, default: []].append(balance)
      }
      transfers.append(
        ScannedTransfer(
          id: id, ordinal: ordinal, value: transfer.value, contract: transfer.contract?.hash,
          effect: effect))
    }
  }
}

extension EthereumBlockReader.Reading {
  /// A receipt can have as many logs as a block has room for: of such a transaction no proof is
  /// kept, whoever filled it paid less for that than keeping it costs.
  private static let maximumProofBytes = 1 << 20

  /// That those of these transactions which have transfers stand in the block, and what came of
  /// them.
  func proofs(of txids: Set<Hash32>) -> [Hash32: TransferProof] {
    let wanted = places.filter { txids.contains($0.key) }
    guard !wanted.isEmpty, let height = UInt32(exactly: block.header.number) else { return [:] }
    let executions = block.executions(of: Set(wanted.values))
    let ref = BlockRef(height: height, hash: block.hash)
    var proofs: [Hash32: TransferProof] = [:]
    for (txid, place) in wanted {
      guard var execution = executions[place] else { continue }
      execution.balances = balances[txid] ?? []
      guard execution.byteCount <= Self.maximumProofBytes else { continue }
      proofs[txid] = TransferProof(txid: txid, block: ref, evidence: .execution(execution))
    }
    return proofs
  }

  /// The same of what `changes` put into the block.
  func proofs(of changes: [TransferChange]) -> [TransferProof] {
    let included = changes.filter {
      $0.after.state.isInActiveChain && $0.after.state.block?.hash == block.hash
    }
    return TransferProof.needed(
      by: included, among: proofs(of: Set(included.map(\.after.id.txid))).values)
  }
}
