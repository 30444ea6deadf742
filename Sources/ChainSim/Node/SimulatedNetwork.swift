internal import Bitcoin
internal import Bytes
internal import Synchronization

/// Nodes that tell each other their blocks and transactions, but only when `propagate` is called,
/// and only where nothing keeps them apart. Nodes go by their place in `nodes`.
package final class SimulatedNetwork: Sendable {
  package let nodes: [SimulatedBitcoinNode]
  private let state: Mutex<State>

  private struct State {
    /// Nodes hear only those of their own part.
    var parts: [Int]
    /// Nodes that hear nothing; others hear them.
    var lagging: Set<Int> = []
  }

  package init(_ nodes: [SimulatedBitcoinNode]) {
    self.nodes = nodes
    state = Mutex(State(parts: nodes.map { _ in 0 }))
  }

  /// Splits the network: the nodes of each group hear one another, the rest form a part of their
  /// own.
  package func partition(_ groups: [[Int]]) {
    state.withLock { state in
      for index in state.parts.indices { state.parts[index] = 0 }
      for (part, group) in groups.enumerated() {
        for index in group where state.parts.indices.contains(index) {
          state.parts[index] = part + 1
        }
      }
    }
  }

  /// Every node hears every other again.
  package func heal() { partition([]) }

  /// Keeps a node from hearing anything, until told otherwise.
  package func setLagging(_ index: Int, _ isLagging: Bool) {
    state.withLock { state in
      if isLagging { state.lagging.insert(index) } else { state.lagging.remove(index) }
    }
  }

  /// Lets all news spread until there is none; gives how many blocks and transactions moved.
  @discardableResult
  package func propagate() -> Int {
    var moved = 0
    while true {
      let before = moved
      for (from, sender) in nodes.enumerated() {
        for (to, receiver) in nodes.enumerated() where hears(to, from) {
          moved += Self.sendBlocks(from: sender, to: receiver)
          moved += Self.sendTransactions(from: sender, to: receiver)
        }
      }
      if moved == before { return moved }
    }
  }

  private func hears(_ receiver: Int, _ sender: Int) -> Bool {
    state.withLock { state in
      receiver != sender && state.parts[receiver] == state.parts[sender]
        && !state.lagging.contains(receiver)
    }
  }

  private static func sendBlocks(
    from sender: SimulatedBitcoinNode, to receiver: SimulatedBitcoinNode
  ) -> Int {
    let (source, known) = (sender.machine, receiver.machine)
    var news: [StoredBlock] = []
    var cursor: StoredBlock? = source.tip
    while let block = cursor, known.block(block.hash) == nil {
      news.append(block)
      cursor = source.block(block.header.previousBlockHash)
    }
    var moved = 0
    for block in news.reversed() {
      switch receiver.accept(block.block) {
      case .connected, .sideBranch: moved += 1
      case .known, .missingParent, .invalid: return moved
      }
    }
    return moved
  }

  private static func sendTransactions(
    from sender: SimulatedBitcoinNode, to receiver: SimulatedBitcoinNode
  ) -> Int {
    let known = receiver.machine.mempool
    var moved = 0
    for entry in sender.machine.mempool.ordered where known[entry.known.txid] == nil {
      if (try? receiver.accept(entry.known.transaction)) != nil { moved += 1 }
    }
    return moved
  }
}
