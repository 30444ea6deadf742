internal import Bitcoin
internal import Bytes
internal import Synchronization

/// Nodes that tell each other their blocks and transactions, but only when `propagate` is called,
/// and only where nothing keeps them apart. Nodes go by their place in `nodes`.
package final class SimulatedNetwork: Sendable {
  package let nodes: [SimulatedBitcoinNode]
  private let hearing: Mutex<NetworkParts>

  package init(_ nodes: [SimulatedBitcoinNode]) {
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
