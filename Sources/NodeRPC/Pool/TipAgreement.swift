package import ChainTypes

/// A node's tip, or why it gave none.
package struct NodeTip: Equatable, Sendable {
  /// The node's place in the pool.
  package let node: Int
  package let outcome: Result<BlockRef, NodeError>

  package init(node: Int, outcome: Result<BlockRef, NodeError>) {
    self.node = node
    self.outcome = outcome
  }
}

/// Whether a quorum of nodes stands behind a tip.
package enum TipAgreement: Equatable, Sendable {
  /// The highest block that at least the quorum have in their active chains, and who is known to.
  case agreed(BlockRef, by: [Int])
  /// Nobody may be credited for anything now; what was agreed before stands.
  case held(HoldReason)

  package enum HoldReason: Equatable, Sendable {
    /// Fewer nodes answer than the quorum needs. It doesn't shrink.
    case tooFewNodes(answering: Int, quorum: Int)
    /// Enough nodes answer, but no tip of theirs has a quorum, or two that conflict have one.
    case disagreement([BlockRef])
  }
}

/// Which nodes have which of the blocks in their active chains, counted without asking anybody.
struct TipVotes {
  /// The blocks that are some node's tip: highest first, then by hash.
  let candidates: [BlockRef]
  private let tips: [(node: Int, tip: BlockRef)]
  /// For each candidate, the nodes that have it in their active chain.
  private var voters: [[Int]]

  init(_ tips: [NodeTip]) {
    let known = tips.compactMap { tip -> (node: Int, tip: BlockRef)? in
      guard case .success(let block) = tip.outcome else { return nil }
      return (tip.node, block)
    }
    let blocks = Set(known.map(\.tip))
    let candidates = blocks.sorted { ($1.height, $0.hash) < ($0.height, $1.hash) }
    self.tips = known
    self.candidates = candidates
    // A node's own tip stands in its active chain.
    voters = candidates.map { candidate in
      known.filter { $0.tip == candidate }.map(\.node)
    }
  }

  var answering: [Int] { tips.map(\.node) }

  /// The tip at which a quorum of the `asked` nodes stands, where all others, also those that
  /// haven't answered, are fewer than a quorum: whatever they say, nothing else can be agreed.
  func settled(asked: Int, quorum: Int) -> TipAgreement? {
    for (candidate, voters) in zip(candidates, voters)
    where voters.count >= quorum && asked - voters.count < quorum {
      return .agreed(candidate, by: voters)
    }
    return nil
  }

  /// What `node` must still be asked about: candidates below its tip, or beside it.
  func questions(for node: Int) -> [BlockRef] {
    guard let tip = tips.first(where: { $0.node == node })?.tip else { return [] }
    return candidates.filter { $0 != tip && $0.height <= tip.height }
  }

  mutating func count(_ node: Int, for candidate: BlockRef) {
    guard let index = candidates.firstIndex(of: candidate),
      !voters[index].contains(node)
    else { return }
    voters[index].append(node)
    voters[index].sort()
  }

  /// The highest candidate with `quorum` votes, unless another with as many isn't below it in the
  /// chains of all who vote for it: two branches with a quorum each (possible when it is at most
  /// half of the nodes) settle nothing.
  func outcome(quorum: Int) -> TipAgreement {
    guard tips.count >= quorum else {
      return .held(.tooFewNodes(answering: tips.count, quorum: quorum))
    }
    let settled = candidates.indices.filter { voters[$0].count >= quorum }
    guard let best = settled.first else { return .held(.disagreement(candidates)) }
    let conflicts = settled.contains { other in
      voters[best].contains { !voters[other].contains($0) }
    }
    guard !conflicts else { return .held(.disagreement(settled.map { candidates[$0] })) }
    return .agreed(candidates[best], by: voters[best])
  }
}
