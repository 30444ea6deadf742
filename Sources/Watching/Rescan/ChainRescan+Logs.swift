internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import NodeRPC

// A range of which only those blocks are read that nodes' logs lead to.
extension ChainRescan where Reader == EthereumRescanReader {
  /// How many heights the store is asked about at once.
  private static var heightsPerQuestion: UInt32 { 10_000 }

  /// Compares what tokens' logs tell of the blocks from `from`, by default the first that a listed
  /// token can be in, through `through`, by default the cursor's tip, with what is recorded.
  ///
  /// Read and proved are the blocks in which nodes tell transfers of listed tokens to watched
  /// addresses, and those in which transfers are recorded: so both what the books lack and what the
  /// chain lacks is found. Ether is compared in these blocks only. What each of as many nodes as
  /// the quorum leaves out isn't found. A block below the headers that the store keeps is the one
  /// that a quorum has.
  ///
  /// - Parameters:
  ///   - onLogs: called with each range that a node has answered for
  ///   - progress: called with the findings so far, every few blocks
  package func compareByLogs(
    from: UInt32?, through: UInt32?,
    onLogs: @escaping @Sendable (ClosedRange<UInt32>) -> Void = { _ in },
    progress: (RescanFindings) -> Void = { _ in }
  ) async throws -> RescanFindings {
    let record = try await record()
    let from = from ?? reader.spec.tokens.map(\.startBlock).min() ?? 0
    let heights = try await heights(from: from, through: through, of: record)
    guard let end = try await steps(at: [heights.upperBound], of: record).first?.ref else {
      throw RescanError.emptyRange(from: from, through: heights.upperBound)
    }
    let watched = try await watchedScripts()
    let discovery = LogDiscovery(pool: reader.pool, spec: reader.spec, watching: watched)
    let found: LogDiscovery.Found
    do throws(NodePoolError) {
      found = try await discovery.blocks(in: heights, upTo: end, onPage: onLogs)
    } catch {
      throw RescanError.noLogs(from: heights.lowerBound, to: end, error)
    }
    let wanted = try await recordedHeights(in: heights).union(found.tellers.keys).sorted()
    return try await compare(
      steps(at: wanted, of: record), watching: watched, in: heights, through: end,
      progress: progress
    ) { block in
      let holds = block.transfers.contains { $0.contract != nil }
      guard !holds, let tellers = found.tellers[block.step.ref.height] else { return }
      for place in tellers { reader.distrust(place, tellingLogsOf: block.step.ref) }
    }
  }

  private func recordedHeights(in heights: ClosedRange<UInt32>) async throws -> Set<UInt32> {
    var recorded: Set<UInt32> = []
    var next = heights.lowerBound
    while true {
      let last =
        heights.upperBound - next < Self.heightsPerQuestion
        ? heights.upperBound : next + Self.heightsPerQuestion - 1
      for transfer in try await store.transfers(on: chain, in: next...last) {
        if let block = transfer.state.block { recorded.insert(block.height) }
      }
      guard last < heights.upperBound else { return recorded }
      next = last + 1
    }
  }

  /// The active chain's blocks of these heights: the store's, and below its headers those that a
  /// quorum has.
  private func steps(at heights: [UInt32], of record: ChainRecord) async throws -> [RescanStep] {
    let lowest = try record.lowestLink().ref.height
    let below = heights.filter { $0 < lowest }
    let kept = heights.filter { $0 >= lowest }.map { record.links[Int($0 - lowest)] }
    return try await checked(
      reader.agreedSteps(at: below) + kept.map { RescanStep(ref: $0.ref, parent: $0.parent) })
  }
}
