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
  func transfers(
    in block: EthereumBlockSource.ProvedBlock, at link: ChainLink,
    _ tracker: inout TransferTracker
  ) async throws -> [FoundTransfer] {
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
      case .trace(let path): .trace(Self.bounded(path))
      }
    return TransferID(chain: chain, txid: transfer.txid, position: position)
  }

  /// A path that is deeper than any honest one is told by its Keccak-256, as eight numbers: no call
  /// has so many siblings that these could be a path of their own. Without a bound anyone could make
  /// an identity that fits no key.
  private static func bounded(_ path: [UInt32]) -> [UInt32] {
    guard path.count > 16 else { return path }
    let digest = Keccak256.hash(
      path.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) } })
    return stride(from: 0, to: 32, by: 4).map { start in
      digest.bytes[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
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

  /// Ether that calls inside transactions moved to watched addresses, by a node's traces. No root
  /// covers traces: it counts where the address's balances before and after the block, proved
  /// against the state roots, differ by exactly what came; otherwise it is unproven.
  private func innerTransfers(
    in block: EthereumBlockSource.ProvedBlock, at link: ChainLink, _ accounts: WatchedAccounts
  ) async throws -> [InnerFinding] {
    guard let inner = block.inner else { return [] }
    let arrivals = inner.transfers.filter { accounts.watches($0.to) }
    guard !arrivals.isEmpty else { return [] }
    let recipients = Set(arrivals.map(\.to)).sorted { $0.hash.hex < $1.hash.hex }
    let changes = await BalanceProofs(pool: pool, profile: settings.network.profile)
      .gains(of: recipients, at: link, block.proof)
    var proved: Set<EthereumAddress> = []
    for address in recipients {
      guard let change = changes[address],
        let expected = BalanceAccount(of: address, in: block.proof, inner.transfers)?.gain,
        change == expected
      else { continue }
      proved.insert(address)
    }
    return arrivals.compactMap { transfer in
      accounts.ordinal(of: transfer.to).map { ordinal in
        InnerFinding(
          transfer: transfer, ordinal: ordinal,
          effect: proved.contains(transfer.to) ? effect(of: transfer) : .quarantined(.unproven))
      }
    }
  }
}
