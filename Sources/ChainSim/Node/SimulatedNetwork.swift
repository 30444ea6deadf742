internal import Synchronization

/// A node that can tell another one what that lacks.
package protocol NetworkedNode: Sendable {
  /// Gives `receiver` the blocks of the own active chain, then the transactions of the own mempool,
  /// that it doesn't know; how many it took.
  func share(with receiver: Self) -> Int
}

/// Nodes that tell each other their blocks and transactions, but only when `propagate` is called,
/// and only where nothing keeps them apart. Nodes go by their place in `nodes`.
package final class SimulatedNetwork<Node: NetworkedNode>: Sendable {
  package let nodes: [Node]
  private let hearing: Mutex<NetworkParts>

  package init(_ nodes: [Node]) {
    self.nodes = nodes
    hearing = Mutex(NetworkParts(count: nodes.count))
  }

  /// Splits the network: the nodes of each group hear one another, the rest form a part of their
  /// own.
  package func partition(_ groups: [[Int]]) { hearing.withLock { $0.partition(groups) } }

  /// Every node hears every other again.
  package func heal() { partition([]) }

  /// Keeps a node from hearing anything, until told otherwise.
  package func setLagging(_ index: Int, _ isLagging: Bool) {
    hearing.withLock { $0.setLagging(index, isLagging) }
  }

  /// Lets all news spread until there is none; gives how many blocks and transactions moved.
  @discardableResult
  package func propagate() -> Int {
    var moved = 0
    while true {
      let before = moved
      for (from, sender) in nodes.enumerated() {
        for (to, receiver) in nodes.enumerated() {
          guard hearing.withLock({ $0.hears(to, from) }) else { continue }
          moved += sender.share(with: receiver)
        }
      }
      if moved == before { return moved }
    }
  }
}
