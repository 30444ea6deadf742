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
  let accounts: WatchedAccounts

  typealias Answer = Result<ProvedBlock, NodePoolError>

  /// A proved block and, where they were asked for, what a node says of the calls inside it.
  struct ProvedBlock: Sendable {
    let proof: BlockProof
    /// What its calls moved, by a node's traces, which prove nothing; nil where it wasn't asked for,
    /// or no node gives traces that fit the block.
    let inner: InnerTransfers?
    /// Calls may have moved ether that nobody has looked for.
    let isUntraced: Bool
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
      let proof = try await pool.serve { (node, place) async throws(NodeError) -> BlockProof in
        try await self.proof(of: link, from: node, place)
      }.value
      // A block without gas used has no calls.
      guard settings.asksTraces, proof.header.gasUsed > 0 else {
        return .success(ProvedBlock(proof: proof, inner: nil, isUntraced: false))
      }
      let inner = try? await pool.serve { (node) async throws(NodeError) -> InnerTransfers in
        // Who offers none, or none that fits, is as good a node for everything else.
        guard let traces = try await node.traces(of: link.ref.hash),
          let inner = try? proof.innerTransfers(
            traces: traces.span.bytes, watching: accounts), inner.incomplete.isEmpty
        else { throw .unknownBlock(link.ref.hash) }
        return inner
      }
      return .success(
        ProvedBlock(proof: proof, inner: inner?.value, isUntraced: inner == nil))
    } catch {
      return .failure(error)
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
