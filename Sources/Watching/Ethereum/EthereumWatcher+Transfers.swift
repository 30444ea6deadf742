internal import Addresses
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Digests
internal import Ethereum
internal import NodeRPC

/// The watched addresses, as a scan of a block asks for them.
struct WatchedAccounts: AddressWatching {
  let set: WatchSet

  func watches(_ address: EthereumAddress) -> Bool { ordinal(of: address) != nil }

  func ordinal(of address: EthereumAddress) -> UInt64? {
    var bytes = address.hash
    return withUnsafeBytes(of: &bytes) { set.ordinal(of: $0.bytes) }
  }
}

// What a proved block means.
extension EthereumWatcher {
  /// The block's transfers to watched addresses, with their requirements. The tracker takes back
  /// what the store knows of them.
  ///
  /// - Returns: also whether nobody has looked for what calls moved, though they may have moved
  ///   something
  func transfers(
    in block: EthereumBlockSource.ProvedBlock, at link: ChainLink,
    _ tracker: inout TransferTracker
  ) async throws -> (found: [FoundTransfer], isUntraced: Bool) {
    let accounts = WatchedAccounts(set: standing.watched)
    var found: [(transfer: EthereumTransfer, ordinal: UInt64, effect: FoundTransfer.Effect)] = []
    var strays = 0
    for transfer in try block.proof.transfers(watching: accounts) {
      guard let ordinal = accounts.ordinal(of: transfer.to) else { continue }
      let isStray =
        transfer.isZeroValue
        || transfer.contract.map { settings.spec.token($0.hash) == nil } ?? false
      if isStray { strays += 1 }
      guard !isStray || strays <= settings.strayTransfersPerBlock else { continue }
      found.append((transfer, ordinal, effect(of: transfer)))
    }
    let inner = try await innerTransfers(in: block, at: link, accounts)
    found += inner?.map { ($0.transfer, $0.ordinal, $0.effect) } ?? []
    guard !found.isEmpty else { return ([], inner == nil) }

    let ids = found.map { id(of: $0.transfer) }
    let unknown = ids.filter { !tracker.knows($0) }
    if !unknown.isEmpty { tracker.adopt(try await standing.store.stored(unknown)) }
    let requirements = try await standing.store.requirements(
      on: chain, ordinals: found.map(\.ordinal))
    let spec = settings.spec
    let rule = ConfirmationRequirement(
      confirmations: spec.finalityDepth, finality: spec.finalityDepth)
    let transfers = zip(found, ids).map { found, id in
      FoundTransfer(
        id: id, ordinal: found.ordinal, value: found.transfer.value,
        contract: found.transfer.contract?.hash, inputs: [], isCoinbase: false,
        requirement: requirements[found.ordinal] ?? rule, effect: found.effect)
    }
    return (transfers, inner == nil)
  }

  private func id(of transfer: EthereumTransfer) -> TransferID {
    let position: TransferPosition =
      switch transfer.position {
      case .value: .value
      case .log(let index): .log(index)
      case .trace(let path): .trace(Self.bounded(path))
      }
    return TransferID(chain: chain, txid: transfer.txid, position: position)
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

  private func effect(of transfer: EthereumTransfer) -> FoundTransfer.Effect {
    guard !transfer.hasFailed else { return .failed }
    let listed =
      transfer.contract.map { settings.spec.token($0.hash) } ?? settings.spec.coin
    // Nothing is dust in any token.
    let least = max(listed?.dustLimit ?? .one, .one)
    return transfer.value < least ? .quarantined(.dust) : .moved
  }

  // MARK: Inside transactions

  private struct InnerFinding {
    let transfer: EthereumTransfer
    let ordinal: UInt64
    let effect: FoundTransfer.Effect
  }

  /// Ether that calls inside transactions moved to watched addresses, by nodes' traces. No root
  /// covers traces: one counts for an address where its balances before and after the block, proved
  /// against the state roots, differ by exactly what the trace says; where none does, what the first
  /// says is unproven. Nil where no node gives traces that fit the block.
  private func innerTransfers(
    in block: EthereumBlockSource.ProvedBlock, at link: ChainLink, _ accounts: WatchedAccounts
  ) async throws -> [InnerFinding]? {
    guard settings.asksTraces, block.proof.header.gasUsed > 0 else { return [] }
    let told = block.traces.compactMap { traces -> [EthereumTransfer]? in
      let inner = try? block.proof.innerTransfers(
        traces: traces.span.bytes, watching: accounts)
      guard let inner, inner.incomplete.isEmpty else { return nil }
      return inner.transfers
    }
    if !told.isEmpty, !block.lacksTraces {
      lackingTracesSince = nil
    } else if block.lacksTraces || !block.traces.isEmpty {
      try waitForTraces()
    }
    guard !told.isEmpty else { return nil }
    let arrivals = told.map { transfers in transfers.filter { accounts.watches($0.to) } }
    let recipients = Set(arrivals.joined().map(\.to)).sorted { $0.hash.hex < $1.hash.hex }
    guard !recipients.isEmpty else { return [] }
    let changes = await BalanceProofs(pool: pool, profile: settings.network.profile)
      .gains(of: recipients, at: link, block.proof)
    // Whose accounts each of them explains: the first explains the most.
    let explained = told.map { transfers in
      recipients.filter { address in
        guard let change = changes[address] else { return false }
        return BalanceAccount(of: address, in: block.proof, transfers)?.gain == change
      }
    }
    let order = told.indices.sorted { (explained[$1].count, $0) < (explained[$0].count, $1) }
    var findings: [InnerFinding] = []
    for address in recipients {
      guard let place = order.first(where: { explained[$0].contains(address) }) else { continue }
      for transfer in arrivals[place] where transfer.to == address {
        add(transfer, effect: effect(of: transfer), to: &findings, accounts)
      }
    }
    let proved = Set(explained.joined())
    for transfer in arrivals.joined() where !proved.contains(transfer.to) {
      add(transfer, effect: .quarantined(.unproven), to: &findings, accounts)
    }
    return findings
  }

  /// Unless another one has its place: then the two nodes contradict each other.
  private func add(
    _ transfer: EthereumTransfer, effect: FoundTransfer.Effect, to findings: inout [InnerFinding],
    _ accounts: WatchedAccounts
  ) {
    guard let ordinal = accounts.ordinal(of: transfer.to),
      !findings.contains(where: {
        $0.transfer.txid == transfer.txid && $0.transfer.position == transfer.position
      })
    else { return }
    findings.append(InnerFinding(transfer: transfer, ordinal: ordinal, effect: effect))
  }

  /// Throws for as long as a block's traces are worth waiting for: once that is over, nothing waits
  /// until there are some again.
  private func waitForTraces() throws(TracesMissing) {
    let now = standing.time.now
    let since = lackingTracesSince ?? now
    lackingTracesSince = since
    guard now >= since.adding(seconds: settings.tracePatienceSeconds) else {
      throw TracesMissing()
    }
  }
}

/// Nodes that offer traces give none of a block, and what moved inside it isn't known.
struct TracesMissing: Error {}
