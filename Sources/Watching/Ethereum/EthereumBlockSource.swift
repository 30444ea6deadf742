internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Ethereum
internal import NodeRPC

/// Blocks of known hashes from the nodes of a pool, proved before anything in them counts: header,
/// transactions and receipts by their roots.
struct EthereumBlockSource: Sendable {
  let pool: EthereumPool
  let settings: EthereumWatcherSettings
  /// Of whom nodes' traces are read; nil where none are, so that the set may change in place.
  private let accounts: WatchedAccounts?

  init(pool: EthereumPool, settings: EthereumWatcherSettings, watching set: WatchSet) {
    self.pool = pool
    self.settings = settings
    accounts = settings.asksTraces ? WatchedAccounts(set: set) : nil
  }

  typealias Answer = Result<ProvedBlock, NodePoolError>

  /// A proved block and, where they were asked for, what nodes say of the calls inside it.
  struct ProvedBlock: Sendable {
    let proof: BlockProof
    /// The place of the node that gave it.
    let node: Int
    /// By the traces of two nodes, of one where one is believed, or of none. They prove nothing.
    let told: [InnerTransfers]
    /// There may be traces that are needed and that no node gave now.
    let lacksTraces: Bool
  }

  /// Several blocks, asked for at once, in the order of `blocks`.
  func fetch(_ blocks: some Collection<BlockRef>) async -> [Answer] {
    await withTaskGroup(of: (Int, Answer).self) { group in
      for (place, block) in blocks.enumerated() {
        group.addTask { (place, await fetch(block)) }
      }
      var answers: [(place: Int, answer: Answer)] = []
      for await (place, answer) in group { answers.append((place, answer)) }
      return answers.sorted { $0.place < $1.place }.map(\.answer)
    }
  }

  /// From the first node whose answers stand the check. Whoever serves others is quarantined with
  /// the reason; the hash is never held against the block.
  func fetch(_ block: BlockRef) async -> Answer {
    do throws(NodePoolError) {
      let served = try await pool.serve { (node, place) async throws(NodeError) -> BlockProof in
        try await self.proof(of: block, from: node, place)
      }
      let (told, lacksTraces) = await inner(of: served.value, block)
      return .success(
        ProvedBlock(
          proof: served.value, node: served.node, told: told, lacksTraces: lacksTraces))
    } catch {
      return .failure(error)
    }
  }

  /// What nodes say that calls moved. Two are asked where a single one isn't believed: balances
  /// tell when a trace says too much, but nobody looks where it says too little.
  private func inner(
    of proof: BlockProof, _ block: BlockRef
  ) async -> (told: [InnerTransfers], lacksTraces: Bool) {
    // A block without gas used has no calls.
    guard let accounts, proof.header.gasUsed > 0 else { return ([], false) }
    var told: [InnerTransfers] = []
    var asked: Int?
    for _ in 0..<min(pool.quorum, 2) {
      do throws(NodePoolError) {
        let served = try await pool.serve(besides: asked) {
          (node) async throws(NodeError) -> InnerTransfers in
          try await inner(of: proof, block, from: node, accounts)
        }
        asked = served.node
        told.append(served.value)
      } catch {
        return (told, error.mayPass)
      }
    }
    return (told, false)
  }

  /// Read at once: an answer can have millions of calls, of which few concern anyone.
  private func inner(
    of proof: BlockProof, _ block: BlockRef, from node: EthereumNode, _ accounts: WatchedAccounts
  ) async throws(NodeError) -> InnerTransfers {
    // Not to offer any is no fault of the node's.
    guard let traces = try await node.traces(of: block.hash) else { throw .pruned(block.hash) }
    do throws(CallTraceError) {
      return try proof.innerTransfers(traces: traces.span.bytes, watching: accounts)
    } catch {
      throw .unusable("its traces of \(block.text(.ethereum)): \(error)")
    }
  }

  private func proof(
    of block: BlockRef, from node: EthereumNode, _ place: Int
  ) async throws(NodeError) -> BlockProof {
    let profile = settings.network.profile
    guard
      let answer = try await node.block(
        block.hash, withTransactions: profile.provesTransactions)
    else { throw .unknownBlock(block.hash) }
    var proof: BlockProof
    do throws(BlockProofError) {
      proof = try BlockProof(
        block: answer.span.bytes, expecting: block.hash, profile: profile)
    } catch {
      throw refuse(block, error, place)
    }
    // The hash is right, so it is who asked that was told another height.
    guard proof.header.number == UInt64(block.height) else {
      throw .unusable("its \(block.text(.ethereum)) has another number")
    }
    let receipts = try await node.receipts(
      of: block.hash, count: proof.transactionCount, gasUsed: proof.header.gasUsed
    ) { [proof] in proof.transactionHashes }
    // `null` says nothing about whether there are any.
    guard let receipts else { throw .unknownBlock(block.hash) }
    do throws(BlockProofError) {
      switch receipts {
      case .whole(let bytes): try proof.prove(receipts: bytes.span.bytes)
      case .single(let answers): try proof.prove(singleReceipts: answers)
      }
    } catch {
      throw refuse(block, error, place)
    }
    guard proof.transactions != nil || !profile.provesTransactions else {
      throw .unusable("it gives no transactions of \(block.text(.ethereum))")
    }
    return proof
  }

  /// Keeps out a node whose block turned out to be wrong only where it was read; what was proved of
  /// it stands.
  @discardableResult
  func refuse(_ block: ProvedBlock, at ref: BlockRef, _ error: BlockProofError) -> NodeError {
    refuse(ref, error, block.node)
  }

  /// What this version can't judge may be sound, and is no use all the same.
  private func refuse(_ block: BlockRef, _ error: BlockProofError, _ place: Int) -> NodeError {
    let text = block.text(.ethereum)
    // A balancer's node that lags may give an empty list for a block that another one has shown.
    var isLagging = false
    if case .receiptCount = error { isLagging = true }
    if !error.isUnverifiable, !isLagging {
      pool.quarantine(
        place, reason: "invalid block \(text): \(error)",
        maximumMilliseconds: settings.quarantineMilliseconds)
    }
    return .unusable("its block \(text): \(error)")
  }
}

extension NodePoolError {
  /// Whether one of the nodes may have what it didn't give.
  var mayPass: Bool {
    guard case .allFailed(let failures) = self else { return false }
    return failures.isEmpty
      || failures.contains { if case .pruned = $0.error { false } else { true } }
  }
}
