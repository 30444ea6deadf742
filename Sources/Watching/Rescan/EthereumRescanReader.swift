internal import Bytes
package import ChainTracking
package import ChainTypes
internal import Ethereum
package import NodeRPC

/// Reads blocks of EVM chains for a rescan.
package struct EthereumRescanReader: RescanReader {
  let settings: EthereumWatcherSettings
  package let pool: EthereumPool

  package init(settings: EthereumWatcherSettings, pool: EthereumPool) {
    self.settings = settings
    self.pool = pool
  }

  package var spec: ChainSpec { settings.spec }
  package var width: Int { settings.fetchWidth }
  package var proofByteLimit: Int { settings.proofBytesPerCommit }

  package func steps(
    in heights: ClosedRange<UInt32>, below known: ChainLink
  ) async throws(RescanError) -> [RescanStep] {
    let walk = HeaderWalk(heights: heights, batchSize: UInt32(EthereumNode.maximumHeaderCount))
    return try await walk.steps(below: known) {
      (heights, hash) async throws(NodePoolError) in
      try await EthereumHeaderSource(pool: pool, settings: settings)
        .links(heights, endingIn: hash)
        .map { RescanStep(ref: $0.ref, parent: $0.parent) }
    }
  }

  package func read(
    _ steps: [RescanStep], watching watched: WatchSet
  ) async throws(RescanError) -> [RescanBlock] {
    let source = EthereumBlockSource(pool: pool, settings: settings, watching: watched)
    let reader = EthereumBlockReader(pool: pool, settings: settings)
    var blocks: [RescanBlock] = []
    for (step, answer) in zip(steps, await source.fetch(steps.map(\.ref))) {
      let block: EthereumBlockSource.ProvedBlock
      do throws(NodePoolError) {
        block = try answer.get()
      } catch {
        throw .unproved(step.ref, error)
      }
      guard block.proof.header.parentHash == step.parent else {
        throw .storeContradictsItself(step.ref)
      }
      let reading: EthereumBlockReader.Reading
      do throws(BlockProofError) {
        reading = try await reader.read(block, watching: watched)
      } catch {
        let reason = source.refuse(block, at: step.ref, error)
        throw .unproved(step.ref, .allFailed([NodeFailure(node: block.node, error: reason)]))
      }
      blocks.append(
        RescanBlock(
          step: step, time: Timestamp(seconds: Int64(clamping: block.proof.header.timestamp)),
          transactionCount: block.proof.transactionCount, byteCount: block.proof.byteCount,
          transfers: reading.transfers,
          proofs: reading.proofs(of: Set(reading.transfers.map(\.id.txid))),
          isWhole: reading.inner == .judged,
          mayShowMore: reading.inner.mayPass))
    }
    return blocks
  }

  /// The active chain's blocks of these heights, each as a quorum has it.
  func agreedSteps(at heights: [UInt32]) async throws(RescanError) -> [RescanStep] {
    let source = EthereumHeaderSource(pool: pool, settings: settings)
    var steps: [RescanStep] = []
    for height in heights {
      do throws(NodePoolError) {
        let link = try await source.block(at: height)
        steps.append(RescanStep(ref: link.ref, parent: link.parent))
      } catch {
        throw .notAgreed(height: height, error)
      }
    }
    return steps
  }

  /// Keeps a node out that told transfers which the block doesn't hold.
  func distrust(_ place: Int, tellingLogsOf block: BlockRef) {
    pool.quarantine(
      place, reason: "its logs tell transfers that \(block.text(.ethereum)) doesn't hold",
      maximumMilliseconds: settings.quarantineMilliseconds)
  }
}
