package import ChainTypes
internal import Synchronization

/// The nodes of one chain, of which `quorum` must have a block before it counts.
///
/// The quorum is a number fixed when the pool is made: failing, quarantined or silent nodes make
/// it harder to reach, never smaller, so that knocking honest nodes out gains an attacker nothing.
/// Given the same answers, it decides the same.
package final class QuorumPool<Node: ChainNode>: Sendable {
  package let nodes: [Node]
  package let quorum: Int
  private let identity: Node.Identity
  private let clock: any RPCClock
  private let standings: Mutex<[NodeStanding]>

  /// - Parameter identity: what every node must show of its chain
  package init(
    nodes: [Node], quorum: Int, identity: Node.Identity, clock: any RPCClock
  ) throws(NodePoolError) {
    guard !nodes.isEmpty else { throw .noNodes }
    guard (1...nodes.count).contains(quorum) else {
      throw .impossibleQuorum(quorum, nodes: nodes.count)
    }
    self.nodes = nodes
    self.quorum = quorum
    self.identity = identity
    self.clock = clock
    standings = Mutex(nodes.map { _ in NodeStanding() })
  }

  /// Checks that every node is on the chain it should be on; one that isn't is quarantined, one
  /// that doesn't answer is checked when it does, before it votes or serves.
  package func connect() async -> [NodeStatus] {
    _ = await tips()
    return status()
  }

  /// The tips of all nodes that aren't quarantined, asked at once, in the order of the nodes.
  package func tips() async -> [NodeTip] { await tips(of: eligible()) { _ in false } }

  /// The highest tip that at least `quorum` nodes have in their active chains. Who is slow isn't
  /// waited for where the others settle it.
  package func agreedTip() async -> TipAgreement {
    let places = eligible()
    return await agreement(
      among: await tips(of: places) { tips in
        TipVotes(tips).settled(asked: places.count, quorum: self.quorum) != nil
      }, asked: places.count)
  }

  /// The highest of the blocks that nodes name by `question` which at least `quorum` of those nodes
  /// have at or below the one that they name; nil where a quorum names none.
  package func agreed(
    on question: @escaping @Sendable (Node) async throws(NodeError) -> BlockRef?
  ) async -> TipAgreement? {
    let places = eligible()
    let answers = await askAll(
      places,
      until: {
        TipVotes(Self.named($0)).settled(asked: places.count, quorum: self.quorum) != nil
      }
    ) { (node, index) async throws(NodeError) in
      try await self.identify(node, index)
      return try await question(node)
    }
    let silent = answers.filter { $0.outcome == .success(nil) }
    guard silent.count < quorum else { return nil }
    return await agreement(among: Self.named(answers), asked: places.count)
  }

  private static func named(
    _ answers: [(node: Int, outcome: Result<BlockRef?, NodeError>)]
  ) -> [NodeTip] {
    answers.compactMap { answer in
      guard case .success(let block?) = answer.outcome else { return nil }
      return NodeTip(node: answer.node, outcome: .success(block))
    }
  }

  /// Counts who has which of the blocks that the nodes named, and asks what that doesn't tell.
  private func agreement(among tips: [NodeTip], asked count: Int) async -> TipAgreement {
    let first = TipVotes(tips)
    if let settled = first.settled(asked: count, quorum: quorum) { return settled }
    let asked = first.answering.filter { !first.questions(for: $0).isEmpty }
    let answers = await askAll(asked) { (node, index) async throws(NodeError) in
      try await node.activeBlocks(among: first.questions(for: index))
    }
    // A node that was quarantined meanwhile has no vote any more.
    let trusted = eligible()
    var votes = TipVotes(tips.filter { trusted.contains($0.node) })
    for answer in answers where trusted.contains(answer.node) {
      // A node that fails here keeps its vote for its own tip only.
      guard case .success(let blocks) = answer.outcome else { continue }
      for block in blocks { votes.count(answer.node, for: block) }
    }
    return votes.outcome(quorum: quorum)
  }

  /// Which nodes have `block` in their active chains and which have another one at its height,
  /// asked at once. Who is slow isn't waited for where the others settle it.
  package func votes(on block: BlockRef) async -> BlockVotes {
    let places = eligible()
    let answers = await askAll(
      places, until: { BlockVotes($0).areSettled(asked: places.count, quorum: self.quorum) }
    ) { (node, index) async throws(NodeError) in
      try await self.identify(node, index)
      return try await node.isActive(block)
    }
    return BlockVotes(answers)
  }

  /// What all nodes that may vote answer, asked at once and each waited for, so that who says
  /// something else is heard. Fewer answers than the quorum are an error.
  package func answers<Value: Hashable & Sendable>(
    to question: @escaping @Sendable (Node) async throws(NodeError) -> Value
  ) async throws(NodePoolError) -> NodeAnswers<Value> {
    let outcomes = await askAll(eligible()) { (node, index) async throws(NodeError) in
      try await self.identify(node, index)
      return try await question(node)
    }
    // A node that was quarantined meanwhile has no vote any more.
    let trusted = eligible()
    var (answers, failures): ([Served<Value>], [NodeFailure]) = ([], [])
    for (node, outcome) in outcomes {
      switch outcome {
      case .success(let value) where trusted.contains(node):
        answers.append(Served(value: value, node: node))
      case .success: continue
      case .failure(let error): failures.append(NodeFailure(node: node, error: error))
      }
    }
    guard answers.count >= quorum else { throw .tooFewAnswers(quorum: quorum, failures) }
    return NodeAnswers(answers, quorum: quorum)
  }

  /// Asks the nodes that may serve, best first, until one answers; `other` isn't asked.
  package func serve<Value: Sendable>(
    besides other: Int? = nil, _ question: (Node) async throws(NodeError) -> Value
  ) async throws(NodePoolError) -> Served<Value> {
    try await serve(besides: other) { (node, _) async throws(NodeError) in try await question(node)
    }
  }

  /// The same for who needs the node's place. A `question` that throws has the next node asked:
  /// so it refuses an answer that is no use.
  package func serve<Value: Sendable>(
    besides other: Int? = nil,
    _ question: (Node, _ place: Int) async throws(NodeError) -> Value
  ) async throws(NodePoolError) -> Served<Value> {
    var failures: [NodeFailure] = []
    for index in servingOrder() where index != other {
      let node = nodes[index]
      do throws(NodeError) {
        try await identify(node, index)
        guard isEligible(index) else { continue }
        let value = try await question(node, index)
        record(index, nil)
        return Served(value: value, node: index)
      } catch {
        record(index, error)
        failures.append(NodeFailure(node: index, error: error))
        if error == .rpc(.transport(.cancelled)) { break }
      }
    }
    throw .allFailed(failures)
  }

  /// Keeps a node from voting and serving until `untilMilliseconds` of the pool's clock, or until
  /// `release` where that is nil. The quorum stays what it is.
  package func quarantine(_ node: Int, reason: String, untilMilliseconds: Int64?) {
    guard nodes.indices.contains(node) else { return }
    let now = clock.nowMilliseconds
    standings.withLock {
      $0[node].setQuarantine(
        NodeStanding.Quarantine(reason: reason, untilMilliseconds: untilMilliseconds), at: now)
    }
  }

  /// Keeps a node that gave something false from voting and serving: some seconds the first time,
  /// longer with each further one, at most `maximumMilliseconds`.
  package func quarantine(_ node: Int, reason: String, maximumMilliseconds: Int64) {
    guard nodes.indices.contains(node) else { return }
    let now = clock.nowMilliseconds
    standings.withLock {
      $0[node].punish(reason, at: now, maximumMilliseconds: maximumMilliseconds)
    }
  }

  /// An operator trusts the node again; its identity is checked anew.
  package func release(_ node: Int) {
    guard nodes.indices.contains(node) else { return }
    standings.withLock {
      $0[node].release()
      $0[node].isIdentified = false
    }
  }

  package func status() -> [NodeStatus] {
    let now = clock.nowMilliseconds
    return standings.withLock { standings in
      nodes.indices.map { index in
        let standing = standings[index]
        return NodeStatus(
          node: index, name: nodes[index].name, isIdentified: standing.isIdentified,
          score: standing.score, breaker: nodes[index].breakerState,
          quarantine: standing.quarantine(at: now).map {
            NodeStatus.Quarantine(reason: $0.reason, untilMilliseconds: $0.untilMilliseconds)
          },
          lastError: standing.lastError)
      }
    }
  }

  /// The monotonic clock that quarantines go by.
  package var nowMilliseconds: Int64 { clock.nowMilliseconds }

  /// The nodes that may serve, best score first, ties in their order.
  package func servingOrder() -> [Int] {
    let scores = standings.withLock { $0.map(\.score) }
    return eligible().sorted { (scores[$1], $0) < (scores[$0], $1) }
  }
}

/// An answer and the node that gave it.
package struct Served<Value: Sendable>: Sendable {
  package let value: Value
  /// The node's place in the pool.
  package let node: Int
}

// Who may vote and serve.
extension QuorumPool {
  private func isEligible(_ node: Int) -> Bool {
    let now = clock.nowMilliseconds
    return standings.withLock { $0[node].quarantine(at: now) == nil }
  }

  private func eligible() -> [Int] {
    let now = clock.nowMilliseconds
    return standings.withLock { standings in
      standings.indices.filter { standings[$0].quarantine(at: now) == nil }
    }
  }

  private func record(_ node: Int, _ error: NodeError?) {
    standings.withLock { $0[node].record(error) }
  }

  private func tips(
    of places: [Int], until isSettled: ([NodeTip]) -> Bool
  ) async -> [NodeTip] {
    await askAll(
      places, until: { isSettled($0.map { NodeTip(node: $0.node, outcome: $0.outcome) }) }
    ) { (node, index) async throws(NodeError) in
      try await self.checkedTip(node, index)
    }.map { NodeTip(node: $0.node, outcome: $0.outcome) }
  }

  /// Throws where the node hasn't shown yet that it is on the right chain, and doesn't now.
  private func identify(_ node: Node, _ index: Int) async throws(NodeError) {
    guard !standings.withLock({ $0[index].isIdentified }) else { return }
    _ = try await checkedTip(node, index)
  }

  /// The node's tip, once it has shown that it is on the right chain.
  private func checkedTip(
    _ node: Node, _ index: Int
  ) async throws(NodeError) -> BlockRef {
    let isIdentified = standings.withLock { $0[index].isIdentified }
    let state: NodeState
    do throws(NodeError) {
      state = try await node.state(on: identity, isIdentified: isIdentified)
    } catch .anotherChain(let reason) {
      quarantine(index, reason: reason, untilMilliseconds: nil)
      throw .anotherChain(reason)
    } catch {
      throw error
    }
    standings.withLock { $0[index].isIdentified = true }
    // Old blocks that everyone has would be agreed.
    guard !state.isSyncing else { throw .initialBlockDownload }
    return state.tip
  }

  /// Asks the nodes at these places at once; outcomes in their order, each also recorded. Once
  /// those that have come settle it, the other questions are cancelled.
  private func askAll<Value: Sendable>(
    _ places: [Int],
    until isSettled: ([(node: Int, outcome: Result<Value, NodeError>)]) -> Bool = { _ in false },
    _ question: @escaping @Sendable (Node, Int) async throws(NodeError) -> Value
  ) async -> [(node: Int, outcome: Result<Value, NodeError>)] {
    let outcomes = await withTaskGroup(of: (Int, Result<Value, NodeError>).self) { group in
      for place in places {
        let node = nodes[place]
        group.addTask {
          do throws(NodeError) {
            return (place, .success(try await question(node, place)))
          } catch {
            return (place, .failure(error))
          }
        }
      }
      var outcomes: [(node: Int, outcome: Result<Value, NodeError>)] = []
      for await (place, outcome) in group {
        outcomes.append((place, outcome))
        if isSettled(outcomes) { group.cancelAll() }
      }
      return outcomes.sorted { $0.node < $1.node }
    }
    for (place, outcome) in outcomes {
      switch outcome {
      case .success: record(place, nil)
      case .failure(let error): record(place, error)
      }
    }
    return outcomes
  }
}
