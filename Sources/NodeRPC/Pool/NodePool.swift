package import Bytes
package import ChainTypes
internal import Synchronization

/// The nodes of one chain, of which `quorum` must have a block before it counts.
///
/// The quorum is a number fixed when the pool is made: failing, quarantined or silent nodes make
/// it harder to reach, never smaller, so that knocking honest nodes out gains an attacker nothing.
/// Given the same answers, it decides the same.
package final class NodePool: Sendable {
  package let nodes: [BitcoinNode]
  package let quorum: Int
  private let genesisHash: Hash32?
  private let network: BitcoinNetwork
  private let clock: any RPCClock
  private let standings: Mutex<[NodeStanding]>

  /// - Parameters:
  ///   - genesisHash: the block at height 0 that every node must have; nil for any, on chains of
  ///     one's own
  ///   - network: whose name every node must give as its chain's
  package init(
    nodes: [BitcoinNode], quorum: Int, genesisHash: Hash32?, network: BitcoinNetwork,
    clock: any RPCClock
  ) throws(NodePoolError) {
    guard !nodes.isEmpty else { throw .noNodes }
    guard (1...nodes.count).contains(quorum) else {
      throw .impossibleQuorum(quorum, nodes: nodes.count)
    }
    self.nodes = nodes
    self.quorum = quorum
    self.genesisHash = genesisHash
    self.network = network
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
    let tips = await tips(of: places) { tips in
      TipVotes(tips).settled(asked: places.count, quorum: self.quorum) != nil
    }
    let first = TipVotes(tips)
    if let settled = first.settled(asked: places.count, quorum: quorum) { return settled }
    let asked = first.answering.filter { !first.questions(for: $0).isEmpty }
    let answers = await askAll(asked) { (node, index) async throws(NodeError) in
      try await Self.active(first.questions(for: index), at: node)
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
      return try await node.blockHash(at: block.height) == block.hash
    }
    return BlockVotes(answers)
  }

  /// The block's bytes from the best node that has it, and which node that was. Nothing is
  /// verified here; whoever finds the block invalid calls `quarantine`.
  package func block(_ hash: Hash32) async throws(NodePoolError) -> Served<[UInt8]> {
    try await serve { (node) async throws(NodeError) in try await node.block(hash) }
  }

  /// Asks the nodes that may serve, best first, until one answers; `other` isn't asked.
  package func serve<Value: Sendable>(
    besides other: Int? = nil, _ question: (BitcoinNode) async throws(NodeError) -> Value
  ) async throws(NodePoolError) -> Served<Value> {
    try await serve(besides: other) { (node, _) async throws(NodeError) in try await question(node)
    }
  }

  /// The same for who needs the node's place. A `question` that throws has the next node asked:
  /// so it refuses an answer that is no use.
  package func serve<Value: Sendable>(
    besides other: Int? = nil,
    _ question: (BitcoinNode, _ place: Int) async throws(NodeError) -> Value
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
          score: standing.score, breaker: nodes[index].client.breakerState,
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
extension NodePool {
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
  private func identify(_ node: BitcoinNode, _ index: Int) async throws(NodeError) {
    guard !standings.withLock({ $0[index].isIdentified }) else { return }
    _ = try await checkedTip(node, index)
  }

  /// The node's tip, once it has shown that it is on the right chain.
  private func checkedTip(
    _ node: BitcoinNode, _ index: Int
  ) async throws(NodeError) -> BlockRef {
    if let genesisHash, !standings.withLock({ $0[index].isIdentified }) {
      let genesis = try await node.blockHash(at: 0)
      guard genesis == genesisHash else {
        throw quarantineStranger(
          index, "its genesis block is \(genesis.displayHex), not \(genesisHash.displayHex)")
      }
    }
    // The name comes with every answer, so a node that was moved to another chain is noticed.
    let info = try await node.chainInfo()
    guard info.chain == network.coreName else {
      throw quarantineStranger(index, "its chain is \(info.chain), not \(network.coreName)")
    }
    standings.withLock { $0[index].isIdentified = true }
    // Old blocks that everyone has would be agreed. Regtest's are old wherever nobody mines.
    guard !info.initialBlockDownload || network.kind == .regtest else {
      throw .initialBlockDownload
    }
    return info.tip
  }

  private func quarantineStranger(_ node: Int, _ reason: String) -> NodeError {
    quarantine(node, reason: reason, untilMilliseconds: nil)
    return .anotherChain(reason)
  }

  /// Those of `blocks` that stand in the node's active chain at their heights.
  private static func active(
    _ blocks: [BlockRef], at node: BitcoinNode
  ) async throws(NodeError) -> [BlockRef] {
    let headers = try await node.headers(blocks.map(\.hash))
    return zip(blocks, headers).filter { block, header in
      header.map { $0.isActive && $0.height == block.height } ?? false
    }.map(\.0)
  }

  /// Asks the nodes at these places at once; outcomes in their order, each also recorded. Once
  /// those that have come settle it, the other questions are cancelled.
  private func askAll<Value: Sendable>(
    _ places: [Int],
    until isSettled: ([(node: Int, outcome: Result<Value, NodeError>)]) -> Bool = { _ in false },
    _ question: @escaping @Sendable (BitcoinNode, Int) async throws(NodeError) -> Value
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
