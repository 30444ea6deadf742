internal import Bytes
internal import Ethereum

extension SimulatedEthereumNode: NetworkedNode {
  package func share(with receiver: SimulatedEthereumNode) -> Int {
    shareBlocks(with: receiver) + shareTransactions(with: receiver)
  }

  private func shareBlocks(with receiver: SimulatedEthereumNode) -> Int {
    let (source, known) = (machine, receiver.machine)
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

  private func shareTransactions(with receiver: SimulatedEthereumNode) -> Int {
    let known = receiver.machine.mempool
    var moved = 0
    for transaction in machine.mempool.ordered where known[transaction.hash] == nil {
      if (try? receiver.accept(transaction)) != nil { moved += 1 }
    }
    return moved
  }
}
