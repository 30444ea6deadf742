internal import Addresses
internal import Bytes
internal import ChainTracking
internal import ChainTypes
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
  func transfers(
    in block: EthereumBlockSource.ProvedBlock, at link: ChainLink,
    _ tracker: inout TransferTracker
  ) async throws -> [FoundTransfer] {
    let accounts = WatchedAccounts(set: standing.watched)
    var found: [(transfer: EthereumTransfer, ordinal: UInt64, effect: FoundTransfer.Effect)] = []
    for transfer in try block.proof.transfers(watching: accounts) {
      guard let ordinal = accounts.ordinal(of: transfer.to) else { continue }
      found.append((transfer, ordinal, effect(of: transfer)))
    }
    let inner = try await innerTransfers(in: block, at: link, accounts)
    found += inner.map { ($0.transfer, $0.ordinal, $0.effect) }
    guard !found.isEmpty else { return [] }

    let ids = found.map { id(of: $0.transfer) }
    let unknown = ids.filter { !tracker.knows($0) }
    if !unknown.isEmpty { tracker.adopt(try await standing.store.stored(unknown)) }
    let requirements = try await standing.store.requirements(
      on: chain, ordinals: found.map(\.ordinal))
    let spec = settings.spec
    let rule = ConfirmationRequirement(
      confirmations: spec.finalityDepth, finality: spec.finalityDepth)
    return zip(found, ids).map { found, id in
      FoundTransfer(
        id: id, ordinal: found.ordinal, value: found.transfer.value,
        contract: found.transfer.contract?.hash, inputs: [], isCoinbase: false,
        requirement: requirements[found.ordinal] ?? rule, effect: found.effect)
    }
  }

  private func id(of transfer: EthereumTransfer) -> TransferID {
    let position: TransferPosition =
      switch transfer.position {
      case .value: .value
      case .log(let index): .log(index)
      case .trace(let path): .trace(path)
      }
    return TransferID(chain: chain, txid: transfer.txid, position: position)
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
  /// says is unproven.
  private func innerTransfers(
    in block: EthereumBlockSource.ProvedBlock, at link: ChainLink, _ accounts: WatchedAccounts
  ) async throws -> [InnerFinding] {
    let told = block.traces.compactMap { traces in
      try? block.proof.innerTransfers(traces: traces.span.bytes, watching: accounts).transfers
    }
    let arrivals = told.map { transfers in transfers.filter { accounts.watches($0.to) } }
    let recipients = Set(arrivals.joined().map(\.to)).sorted { $0.hash.hex < $1.hash.hex }
    guard !recipients.isEmpty else { return [] }
    let changes = await BalanceProofs(pool: pool, profile: settings.network.profile)
      .gains(of: recipients, at: link, block.proof)
    var findings: [InnerFinding] = []
    for address in recipients {
      guard let ordinal = accounts.ordinal(of: address) else { continue }
      let proved = changes[address].flatMap { change in
        told.firstIndex {
          BalanceAccount(of: address, in: block.proof, $0)?.gain == change
        }
      }
      let likely = arrivals.firstIndex { $0.contains { $0.to == address } }
      guard let place = proved ?? likely else { continue }
      for transfer in arrivals[place] where transfer.to == address {
        findings.append(
          InnerFinding(
            transfer: transfer, ordinal: ordinal,
            effect: proved == nil ? .quarantined(.unproven) : effect(of: transfer)))
      }
    }
    return findings
  }
}
