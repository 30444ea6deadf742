package import Bitcoin
package import Bytes
package import ChainSim
package import ChainTypes

/// All that ever was in a simulated chain, gathered from the nodes themselves: blocks of every
/// branch, and transactions whether or not they are in one.
package struct ChainTruth {
  package private(set) var blocks: [Hash32: StoredBlock] = [:]
  package private(set) var transactions: [Hash32: Transaction] = [:]

  package init() {}

  /// Takes in what a node has by now.
  package mutating func learn(from machine: ChainMachine) {
    var cursor: StoredBlock? = machine.tip
    while let block = cursor, blocks[block.hash] == nil {
      blocks[block.hash] = block
      for known in block.transactions { transactions[known.txid] = known.transaction }
      cursor = machine.block(block.header.previousBlockHash)
    }
    for entry in machine.mempool.ordered {
      transactions[entry.known.txid] = entry.known.transaction
    }
  }

  package mutating func learn(_ transaction: Transaction) {
    transactions[transaction.txid] = transaction
  }

  /// The chain that ends in `tip`, genesis first; nil where no node ever had that block.
  package func branch(to tip: Hash32) -> [StoredBlock]? {
    var branch: [StoredBlock] = []
    var next = tip
    while let block = blocks[next] {
      branch.append(block)
      if block.height == 0 { return branch.reversed() }
      next = block.header.previousBlockHash
    }
    return nil
  }

  /// The height of the last block that the chains to `a` and `b` share.
  package func forkHeight(_ a: Hash32, _ b: Hash32) -> UInt32? {
    guard var a = blocks[a], var b = blocks[b] else { return nil }
    while a.hash != b.hash {
      let lower = a.height >= b.height ? a : b
      guard let parent = blocks[lower.header.previousBlockHash] else { return nil }
      if a.height >= b.height { a = parent } else { b = parent }
    }
    return a.height
  }
}

/// An output to one of our scripts, as the chain itself has it.
package struct TrueOutput: Hashable {
  package let outpoint: Outpoint
  package let ordinal: Int64
  package let value: UInt64
  package let isCoinbase: Bool
  package let block: BlockRef
  /// The block's time in seconds since 1970.
  package let time: UInt32
}

extension ChainTruth {
  /// What the blocks of a branch pay to `scripts` (script to ordinal).
  package static func outputs(
    in branch: some Sequence<StoredBlock>, to scripts: [[UInt8]: Int64]
  ) -> [TrueOutput] {
    var found: [TrueOutput] = []
    for block in branch {
      for known in block.transactions {
        for (vout, output) in known.transaction.outputs.enumerated() {
          guard let ordinal = scripts[output.scriptPubKey] else { continue }
          found.append(
            TrueOutput(
              outpoint: Outpoint(txid: known.txid, vout: UInt32(vout)), ordinal: ordinal,
              value: output.value, isCoinbase: known.transaction.isCoinbase, block: block.ref,
              time: block.header.time))
        }
      }
    }
    return found
  }
}
