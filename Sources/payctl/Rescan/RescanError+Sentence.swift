internal import Bitcoin
internal import Bytes
internal import ChainTypes
internal import NodeRPC
internal import Scanning
internal import Watching

extension RescanError {
  /// The reason in words, with the names of the nodes concerned.
  ///
  /// - Parameter form: how the chain writes hashes
  func sentence(_ pool: QuorumPool<some ChainNode>, _ form: HashForm) -> String {
    func text(_ block: BlockRef) -> String { Self.text(block, form) }
    switch self {
    case .unknownChain(let chain):
      return "the database knows no chain \(chain): its watcher never started"
    case .aboveTip(let height, let tip):
      return "block \(height) wasn't scanned yet: the last one is \(tip.height)"
    case .emptyRange(let from, let through): return "no block lies from \(from) to \(through)"
    case .tipNotAgreed(let tip, let count, let quorum):
      let states = pool.status().map { status in
        "\(status.name): \(Self.sentence(of: status))"
      }
      return "\(count) nodes have \(text(tip)), the last scanned block, and \(quorum) must; "
        + states.joined(separator: "; ")
    case .storeContradictsItself(let block):
      return "the database's headers and coverage don't fit together at \(text(block)): "
        + "see payctl coverage"
    case .noHeaders(let from, let known, let error):
      return "no node gives the headers from \(from) that lead to \(text(known)): "
        + error.sentence(pool)
    case .noLogs(let from, let end, let error):
      return "fewer than \(pool.quorum) nodes tell the logs from \(from) to \(text(end)): "
        + error.sentence(pool)
    case .notAgreed(let height, let error):
      return "no quorum has a block \(height): \(error.sentence(pool))"
    case .block(let error):
      return error.sentence(pool)
    case .unproved(let block, let error):
      return "no node proves \(text(block)): \(error.sentence(pool))"
    case .reorganised(let block):
      return "\(text(block)) left the active chain meanwhile: rescan again"
    case .contradiction(let error):
      return "the blocks contradict what is recorded, nothing was written: \(error)"
    case .keptStale(let attempts):
      return "the watcher was faster \(attempts) times: nothing was written, try again"
    }
  }

  fileprivate static func text(_ block: BlockRef, _ form: HashForm) -> String {
    "block \(block.height) (\(block.hash.text(form)))"
  }

  private static func sentence(of status: NodeStatus) -> String {
    if let reason = status.quarantine?.reason { return reason }
    if let error = status.lastError { return error.sentence }
    return status.isIdentified ? "has another chain" : "doesn't answer"
  }
}

extension BlockUnavailable {
  fileprivate func sentence(_ pool: QuorumPool<some ChainNode>) -> String {
    var reasons = refusals.map { refusal in
      "\(pool.name(of: refusal.node)): \(refusal.error.sentence)"
    }
    if let failure, failure != .allFailed([]) { reasons.append(failure.sentence(pool)) }
    return "no node gives a valid \(RescanError.text(block, .bitcoin)): "
      + reasons.joined(separator: "; ")
  }
}

extension NodePoolError {
  fileprivate func sentence(_ pool: QuorumPool<some ChainNode>) -> String {
    switch self {
    case .noNodes: "there are no nodes"
    case .impossibleQuorum(let quorum, let count): "\(quorum) of \(count) nodes can't be had"
    case .allFailed(let failures), .tooFewAnswers(_, let failures):
      failures.isEmpty
        ? "none may serve"
        : failures.map { "\(pool.name(of: $0.node)): \($0.error.sentence)" }
          .joined(separator: "; ")
    }
  }
}

extension QuorumPool {
  fileprivate func name(of node: Int) -> String {
    nodes.indices.contains(node) ? nodes[node].name : "node \(node)"
  }
}

extension NodeError {
  fileprivate var sentence: String {
    switch self {
    case .unknownBlock: "doesn't know it"
    case .pruned: "has pruned it, or not downloaded it yet: a node with the whole chain is needed"
    case .heightOutOfRange(let height): "has no block \(height)"
    case .anotherChain(let reason), .unusable(let reason): reason
    case .initialBlockDownload: "is still downloading the chain"
    case .transactionRefused(_, let message): message
    case .rpc(.node(let error)): "says \(error.code) \(error.message)"
    case .rpc(.warmingUp(let message)): "is starting: \(message)"
    case .rpc(.overloaded(let status, _)): "is overloaded (\(status))"
    case .rpc(.unauthorized(let status)): "refuses the credential (\(status))"
    case .rpc(.transport(.connectionFailed(let reason))): "can't be reached: \(reason)"
    case .rpc(.transport(.noCredential(let reason))): reason
    case .rpc(.transport(.timedOut)): "doesn't answer in time"
    case .rpc(let error): "\(error)"
    }
  }
}
