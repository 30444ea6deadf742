internal import Bytes
internal import Ethereum
internal import Synchronization

/// EVM nodes of one chain that tell each other their blocks and transactions, but only when
/// `propagate` is called, and only where nothing keeps them apart. Nodes go by their place in
/// `nodes`.
package final class SimulatedEthereumNetwork: Sendable {
  package let nodes: [SimulatedEthereumNode]
  private let hearing: Mutex<NetworkParts>

  package init(_ nodes: [SimulatedEthereumNode]) {
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
          moved += Self.sendBlocks(from: sender, to: receiver)
          moved += Self.sendTransactions(from: sender, to: receiver)
        }
      }
      if moved == before { return moved }
    }
  }

  private static func sendBlocks(
    from sender: SimulatedEthereumNode, to receiver: SimulatedEthereumNode
  ) -> Int {
    let (source, known) = (sender.machine, receiver.machine)
    var news: [SimulatedEthereumBlock] = []
    var cursor: SimulatedEthereumBlock? = source.head
    while let block = cursor, known.block(block.hash) == nil {
      news.append(block)
      cursor = source.block(block.header.parentHash)
    }
    var moved = 0
    for block in news.reversed() {
      switch receiver.accept(block) {
      case .connected, .sideBranch: moved += 1
      case .known, .missingParent, .invalid: return moved
      }
    }
    return moved
  }

  private static func sendTransactions(
    from sender: SimulatedEthereumNode, to receiver: SimulatedEthereumNode
  ) -> Int {
    let known = receiver.machine.mempool
    var moved = 0
    for transaction in sender.machine.mempool.ordered where known[transaction.hash] == nil {
      if (try? receiver.accept(transaction)) != nil { moved += 1 }
    }
    return moved
  }
}
