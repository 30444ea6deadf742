internal import ChainTypes
internal import NodeRPC

extension WatchReport.Hold: CustomStringConvertible {
  /// For operators, without a full stop.
  package var description: String {
    switch self {
    case .nodes(.tooFewNodes(let answering, let quorum)):
      "\(answering) nodes answer, \(quorum) must agree"
    case .nodes(.disagreement(let tips)):
      "the nodes disagree: " + tips.prefix(5).map(\.description).joined(separator: ", ")
    case .lessWork(let tip): "the nodes' tip \(tip) has less work than ours"
    case .behind(let tip): "the nodes have fallen back to \(tip.height)"
    case .fromTheFuture(let block): "the time of \(block) is over two hours ahead of our clock"
    case .beyondWindow(let tip):
      "the nodes' chain to \(tip) leaves ours below all that we still know"
    case .contradiction(let what): "a proven block contradicts what is recorded: \(what)"
    case .inconsistent(let what): what
    case .noMempool(let tip):
      "too few nodes at \(tip) show their mempools, so nothing expires"
    case .clockJumped:
      "the time of day jumped ahead; nothing expires until it has kept step for ten minutes"
    }
  }
}
