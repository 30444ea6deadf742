internal import Bitcoin
internal import ChainTypes
internal import NodeRPC

/// Blocks of known hashes from the nodes of a pool, each verified before anything in it counts.
struct BlockSource: Sendable {
  let pool: NodePool
  let network: BitcoinNetwork
  /// How long a node that keeps serving something invalid neither votes nor serves at most.
  let quarantineMilliseconds: Int64

  /// What the pool answered when it was asked for a block; nothing is checked yet.
  typealias Answer = Result<Served<[UInt8]>, NodePoolError>

  init(pool: NodePool, settings: WatcherSettings) {
    self.pool = pool
    network = settings.network
    quarantineMilliseconds = settings.quarantineMilliseconds
  }

  /// The bytes of several blocks, asked for at once, in the order of `blocks`.
  func fetch(_ blocks: [BlockRef]) async -> [Answer] {
    guard blocks.count > 1 else {
      var answers: [Answer] = []
      for block in blocks { answers.append(await ask(block)) }
      return answers
    }
    return await withTaskGroup(of: (Int, Answer).self) { group in
      for (place, block) in blocks.enumerated() {
        group.addTask { (place, await ask(block)) }
      }
      var answers: [(place: Int, answer: Answer)] = []
      for await (place, answer) in group { answers.append((place, answer)) }
      return answers.sorted { $0.place < $1.place }.map(\.answer)
    }
  }

  /// The scanned block, from the first node whose bytes stand the check. Whoever serves others is
  /// quarantined with the reason; the hash is never held against the block.
  func scan<Outputs: OutputWatching>(
    _ block: BlockRef, from first: Answer, watching outputs: Outputs
  ) async throws(BlockUnavailable) -> ScannedBlock {
    var answer = first
    var refusals: [BlockUnavailable.Refusal] = []
    for _ in 0...pool.nodes.count {
      let served: Served<[UInt8]>
      do throws(NodePoolError) {
        served = try answer.get()
      } catch {
        throw BlockUnavailable(block: block, refusals: refusals, failure: error)
      }
      do throws(BlockError) {
        return try BlockScanner.scan(
          served.value.span.bytes, expecting: block.hash, network: network,
          verification: BlockVerification(height: block.height, network: network),
          proving: true, watching: outputs)
      } catch {
        pool.quarantine(
          served.node, reason: "invalid block \(block): \(error)",
          maximumMilliseconds: quarantineMilliseconds)
        refusals.append(BlockUnavailable.Refusal(node: served.node, error: error))
        answer = await ask(block)
      }
    }
    throw BlockUnavailable(block: block, refusals: refusals, failure: nil)
  }

  private func ask(_ block: BlockRef) async -> Answer {
    do throws(NodePoolError) {
      return .success(try await pool.block(block.hash))
    } catch {
      return .failure(error)
    }
  }
}
