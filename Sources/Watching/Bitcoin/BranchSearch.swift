internal import Bitcoin
internal import ChainTracking
internal import ChainTypes
internal import NodeRPC

/// Looks for the headers that lead from our chain to an agreed tip, at one node after another until
/// one gives a branch that can be judged. Who gives another is asked later from now on, and who
/// gives what no honest node gives is quarantined: no single node keeps the others' chain away.
struct BranchSearch: Sendable {
  let pool: NodePool
  let chain: HeaderChain
  let rules: HeaderRules
  let settings: WatcherSettings
  /// No header's time may lie after this.
  let latest: Timestamp

  enum Outcome: Sendable {
    case plan(ChainPlan)
    case hold(WatchReport.Hold)
    /// A quorum has another block where our lowest stands.
    case belowWindow
  }

  func outcome(towards tip: BlockRef) async -> Outcome {
    // The nodes fell back, or make their chains anew.
    guard tip.height >= chain.lowest.ref.height, !chain.contains(tip) else {
      return .hold(.lessWork(tip))
    }
    do {
      return try await pool.serve { (node, place) async throws(NodeError) in
        try await outcome(towards: tip, from: node, place)
      }.value
    } catch {
      return .hold(.inconsistent("no node gives headers that lead to \(tip)"))
    }
  }

  /// Throws where the node's answer is no use.
  private func outcome(
    towards tip: BlockRef, from node: BitcoinNode, _ place: Int
  ) async throws(NodeError) -> Outcome {
    let branch = try await HeaderBranch.fetch(
      from: node, leadingTo: tip, above: chain, limit: settings.headersPerStep)
    let checked: BranchAncestry?
    do throws(HeaderBranchError) {
      checked = try branch.checked(above: chain, rules: rules)
    } catch {
      if error.condemnsNode { quarantine(place, "invalid header: \(error)") }
      throw .unusable("its headers to \(tip): \(error)")
    }
    guard let links = checked?.links else { return try await judgeLack(at: place) }
    guard let last = links.last?.ref, last.height == branch.end else {
      throw .unusable("its headers end below \(tip)")
    }
    // One node gave the headers; where they don't end in the agreed tip, a quorum must have them.
    if last != tip, await !pool.agrees(on: last) { throw .unusable("no quorum has its \(last)") }
    if let early = links.first(where: { Timestamp(seconds: Int64($0.time)) > latest }) {
      return .hold(.fromTheFuture(early.ref))
    }
    do {
      return .plan(try chain.plan(links, finalityDepth: settings.spec.finalityDepth))
    } catch .notMoreWork {
      return .hold(.lessWork(tip))
    } catch {
      throw .unusable("its headers to \(tip): \(error)")
    }
  }

  /// The node's hashes have none of our blocks. Only a quorum that has another block in place of
  /// our lowest is believed: one liar, or nodes that are silent, halt nothing.
  private func judgeLack(at place: Int) async throws(NodeError) -> Outcome {
    let lowest = chain.lowest.ref
    let votes = await pool.votes(on: lowest)
    if votes.having.count >= pool.quorum {
      quarantine(place, "its hashes lack \(lowest), which a quorum has")
    } else if votes.lacking.count >= pool.quorum {
      return .belowWindow
    }
    throw .unusable("its hashes lack \(lowest)")
  }

  private func quarantine(_ place: Int, _ reason: String) {
    pool.quarantine(
      place, reason: reason, maximumMilliseconds: settings.quarantineMilliseconds)
  }
}
