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

  typealias Answer = Result<ProvedBlock, NodePoolError>

  /// A proved block and, where they were asked for, what nodes say of the calls inside it.
  struct ProvedBlock: Sendable {
    let proof: BlockProof
    /// The place of the node that gave it.
    let node: Int
    /// The answers' bytes, which prove nothing; none where no node gives any.
    let traces: [[UInt8]]
    /// There may be traces that no node gave now, or no second one where one isn't believed.
    let lacksTraces: Bool
  }

  /// Several blocks, asked for at once, in the order of `links`.
  func fetch(_ links: some Collection<ChainLink>) async -> [Answer] {
    await withTaskGroup(of: (Int, Answer).self) { group in
      for (place, link) in links.enumerated() {
        group.addTask { (place, await fetch(link)) }
      }
      var answers: [(place: Int, answer: Answer)] = []
      for await (place, answer) in group { answers.append((place, answer)) }
      return answers.sorted { $0.place < $1.place }.map(\.answer)
    }
  }

  /// From the first node whose answers stand the check. Whoever serves others is quarantined with
  /// the reason; the hash is never held against the block.
  private func fetch(_ link: ChainLink) async -> Answer {
    do throws(NodePoolError) {
      let served = try await pool.serve { (node, place) async throws(NodeError) -> BlockProof in
        try await self.proof(of: link, from: node, place)
      }
      let proof = served.value
      var (traces, lacksTraces): ([[UInt8]], Bool) = ([], false)
      // A block without gas used has no calls.
      if settings.asksTraces, proof.header.gasUsed > 0 {
        do throws(NodePoolError) {
          (traces, lacksTraces) = try await self.traces(of: link.ref.hash)
        } catch {
          lacksTraces = Self.mayHaveTraces(error)
        }
      }
      return .success(
        ProvedBlock(
          proof: proof, node: served.node, traces: traces, lacksTraces: lacksTraces))
    } catch {
      return .failure(error)
    }
  }

  /// Whether one of the nodes may have what it didn't give.
  private static func mayHaveTraces(_ error: NodePoolError) -> Bool {
    guard case .allFailed(let failures) = error else { return false }
    return failures.contains { if case .pruned = $0.error { false } else { true } }
  }

  /// What two nodes say of the calls in a block, where a single one isn't believed: balances tell
  /// when a trace says too much, but nobody looks where it says too little. And whether another one
  /// may yet tell what it couldn't now.
  private func traces(
    of block: Hash32
  ) async throws(NodePoolError) -> (answers: [[UInt8]], lacksMore: Bool) {
    let first = try await traces(of: block, besides: nil)
    guard pool.quorum > 1 else { return ([first.value], false) }
    do throws(NodePoolError) {
      let second = try await traces(of: block, besides: first.node)
      return (first.value == second.value ? [first.value] : [first.value, second.value], false)
    } catch {
      return ([first.value], Self.mayHaveTraces(error))
    }
  }

  private func traces(
    of block: Hash32, besides other: Int?
  ) async throws(NodePoolError) -> Served<[UInt8]> {
    try await pool.serve(besides: other) { (node) async throws(NodeError) -> [UInt8] in
      // Not to offer any is no fault of the node's.
      guard let traces = try await node.traces(of: block) else { throw .pruned(block) }
      return traces
    }
  }

  private func proof(
    of link: ChainLink, from node: EthereumNode, _ place: Int
  ) async throws(NodeError) -> BlockProof {
    guard let block = try await node.block(link.ref.hash) else {
      throw .unknownBlock(link.ref.hash)
    }
    var proof: BlockProof
    do throws(BlockProofError) {
      proof = try BlockProof(
        block: block.span.bytes, expecting: link.ref.hash, profile: settings.network.profile)
    } catch {
      throw refuse(link.ref, error, place)
    }
    // The hash is right, so it is the header that was told before which was wrong.
    guard proof.header.number == UInt64(link.ref.height), proof.header.parentHash == link.parent,
      proof.header.timestamp == UInt64(link.time)
    else { throw .unusable("its header of \(link.ref.text(.ethereum)) was another before") }
    let hashes = (0..<proof.transactionCount).map { proof.transactionHash(at: $0) }
    let receipts = try await node.receipts(
      of: link.ref.hash, transactions: hashes, gasUsed: proof.header.gasUsed)
    // `null` says nothing about whether there are any.
    guard let receipts else { throw .unknownBlock(link.ref.hash) }
    do throws(BlockProofError) {
      switch receipts {
      case .whole(let bytes): try proof.prove(receipts: bytes.span.bytes)
      case .single(let answers): try proof.prove(singleReceipts: answers)
      }
    } catch {
      throw refuse(link.ref, error, place)
    }
    guard proof.transactions != nil else {
      throw .unusable("it gives no transactions of \(link.ref.text(.ethereum))")
    }
    return proof
  }

  /// Keeps out a node whose block turned out to be wrong only where it was read; what was proved of
  /// it stands.
  func refuse(_ block: ProvedBlock, at ref: BlockRef, _ error: BlockProofError) {
    _ = refuse(ref, error, block.node)
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
