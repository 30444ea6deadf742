internal import Addresses
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Digests
internal import Ethereum
internal import NodeRPC

/// What a proved block moved to watched addresses.
struct EthereumBlockReader: Sendable {
  let pool: EthereumPool
  let settings: EthereumWatcherSettings

  struct Reading: Sendable {
    let transfers: [ScannedTransfer]
    let inner: Inner
    fileprivate let block: BlockProof
    /// The places of the transfers' transactions in the block.
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
    /// No node tells, though one may later.
    case awaitsTraces
    /// No node offers to tell.
    case untold

    var isTold: Bool { self == .judged || self == .awaitsProofs }
  }

  /// Throws where the block can't be read, though its roots are right: the node's fault.
  func read(
    _ block: EthereumBlockSource.ProvedBlock, watching set: WatchSet
  ) async throws(BlockProofError) -> Reading {
    let accounts = WatchedAccounts(set: set)
    var reading = Findings(chain: settings.spec.name, accounts: accounts)
    var strays = 0
    for transfer in try block.proof.transfers(watching: accounts)
    where accounts.watches(transfer.to) {
      let isStray =
        transfer.isZeroValue
        || transfer.contract.map { settings.spec.token($0.hash) == nil } ?? false
      if isStray { strays += 1 }
      guard !isStray || strays <= settings.strayTransfersPerBlock else { continue }
      reading.add(transfer, effect: effect(of: transfer))
    }
    let inner = await addInner(of: block, to: &reading)
    return Reading(
      transfers: reading.transfers, inner: inner, block: block.proof, places: reading.places,
      balances: reading.balances)
  }

  private func effect(of transfer: EthereumTransfer) -> FoundTransfer.Effect {
    guard !transfer.hasFailed else { return .failed }
    let listed =
      transfer.contract.map { settings.spec.token($0.hash) } ?? settings.spec.coin
    // Nothing is dust in any token.
    let least = max(listed?.dustLimit ?? .one, .one)
    return transfer.value < least ? .quarantined(.dust) : .moved
  }

  // MARK: Inside transactions

  /// Ether that calls inside transactions moved to watched addresses, by nodes' traces. No root
  /// covers traces: one counts for an address where its balances before and after the block, proved
  /// against the state roots, differ by exactly what the trace says; where none does, what the first
  /// says is unproven.
  private func addInner(
    of block: EthereumBlockSource.ProvedBlock, to reading: inout Findings
  ) async -> Inner {
    guard settings.asksTraces, block.proof.header.gasUsed > 0 else { return .judged }
    let accounts = reading.accounts
    let told = block.traces.compactMap { traces -> [EthereumTransfer]? in
      let inner = try? block.proof.innerTransfers(
        traces: traces.span.bytes, watching: accounts)
      guard let inner, inner.incomplete.isEmpty else { return nil }
      return inner.transfers
    }
    guard !told.isEmpty else {
      return block.lacksTraces || !block.traces.isEmpty ? .awaitsTraces : .untold
    }
    let arrivals = told.map { transfers in transfers.filter { accounts.watches($0.to) } }
    let recipients = Set(arrivals.joined().map(\.to)).sorted { $0.hash.hex < $1.hash.hex }
    guard !recipients.isEmpty else { return .judged }
    let changes = await BalanceProofs(pool: pool, profile: settings.network.profile)
      .changes(of: recipients, in: block.proof)
    // Whose accounts each of them explains: the first explains the most.
    let explained = told.map { transfers in
      recipients.filter { address in
        guard let gain = changes.byAddress[address]?.gain else { return false }
        return BalanceAccount(of: address, in: block.proof, transfers)?.gain == gain
      }
    }
    let order = told.indices.sorted { (explained[$1].count, $0) < (explained[$0].count, $1) }
    for address in recipients {
      guard let place = order.first(where: { explained[$0].contains(address) }) else { continue }
      for transfer in arrivals[place] where transfer.to == address {
        reading.add(
          transfer, effect: effect(of: transfer), changes.byAddress[address]?.proof)
      }
    }
    let proved = Set(explained.joined())
    for transfer in arrivals.joined() where !proved.contains(transfer.to) {
      reading.add(transfer, effect: .quarantined(.unproven))
    }
    return changes.mayCome ? .awaitsProofs : .judged
  }

  /// Transfers in the order in which they were found, each identity once.
  private struct Findings {
    let chain: ChainName
    let accounts: WatchedAccounts
    private(set) var transfers: [ScannedTransfer] = []
    private(set) var places: [Hash32: Int] = [:]
    private(set) var balances: [Hash32: [BalanceProof]] = [:]
    private var ids: Set<TransferID> = []

    init(chain: ChainName, accounts: WatchedAccounts) {
      self.chain = chain
      self.accounts = accounts
    }

    /// Unless another one has its place: then two nodes contradict each other.
    ///
    /// - Parameter balance: what shows that a call paid it
    mutating func add(
      _ transfer: EthereumTransfer, effect: FoundTransfer.Effect, _ balance: BalanceProof? = nil
    ) {
      let id = TransferID(chain: chain, txid: transfer.txid, position: .init(transfer.position))
      guard let ordinal = accounts.ordinal(of: transfer.to), ids.insert(id).inserted else {
        return
      }
      places[transfer.txid] = transfer.transactionIndex
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

extension TransferPosition {
  init(_ position: EthereumTransfer.Position) {
    switch position {
    case .value: self = .value
    case .log(let index): self = .log(index)
    case .trace(let path): self = .trace(Self.bounded(path))
    }
  }

  /// A path that is deeper than any honest one is told by its Keccak-256, as eight numbers: no call
  /// has so many siblings that these could be a path of their own. Without a bound anyone could make
  /// an identity that fits no key.
  private static func bounded(_ path: [UInt32]) -> [UInt32] {
    guard path.count > 16 else { return path }
    let bytes = path.flatMap { index in
      stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: index >> UInt32($0)) }
    }
    let digest = Keccak256.hash(bytes).bytes
    return stride(from: 0, to: digest.count, by: 4).map { start in
      digest[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
  }
}
