internal import Bitcoin
internal import Bytes

extension SimulatedBitcoinNode: NetworkedNode {
  package func share(with receiver: SimulatedBitcoinNode) -> Int {
    shareBlocks(with: receiver) + shareTransactions(with: receiver)
  }

  private func shareBlocks(with receiver: SimulatedBitcoinNode) -> Int {
    let (source, known) = (machine, receiver.machine)
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

  private func shareTransactions(with receiver: SimulatedBitcoinNode) -> Int {
    let known = receiver.machine.mempool
    var moved = 0
    for entry in machine.mempool.ordered where known[entry.known.txid] == nil {
      if (try? receiver.accept(entry.known.transaction)) != nil { moved += 1 }
    }
    return moved
  }
}
