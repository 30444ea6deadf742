import Bytes
import ChainTracking
import ChainTypes

/// Says where a transaction's transfers stand by going through all that was ever observed.
struct NaiveTracker {
  let world: RandomWorld
  let rules: TransferRules

  /// The words of the states that fit the history; nil where nothing was ever seen of it.
  func expected(_ number: Int, value: UInt64) -> String? {
    guard let last = world.history.lastIndex(where: { shows($0, number) }) else { return nil }
    if UInt256(value) < rules.dustLimit { return "quarantined" }
    switch world.history[last] {
    case .connected(let block): return inChain(number, block)
    case .looked: return outsideBlocks(number, after: last, from: "seen")
    case .disconnected: return outsideBlocks(number, after: last, from: "orphaned")
    }
  }

  /// Whether the observation shows the transaction where it was until then.
  private func shows(_ observation: RandomWorld.Observation, _ number: Int) -> Bool {
    switch observation {
    case .connected(let block), .disconnected(let block): block.transactions.contains(number)
    case .looked(let mempool, _): mempool.contains(number)
    }
  }

  private func inChain(_ number: Int, _ block: RandomWorld.Block) -> String {
    let transaction = world.transactions[number]
    let least = transaction.isCoinbase ? rules.coinbaseMaturity : 1
    let confirmations = max(transaction.requirement.confirmations, least)
    let finality = max(transaction.requirement.finality, confirmations)
    // The highest tip above the block: once final it stays final while the block stands.
    var height: UInt32 = 0
    var highest: UInt32 = 0
    for observation in world.history {
      switch observation {
      case .connected(let connected):
        height = connected.ref.height
        if connected.ref == block.ref { highest = 0 }
        highest = max(highest, height)
      case .disconnected(let disconnected): height = disconnected.ref.height - 1
      case .looked: break
      }
    }
    if highest - block.ref.height + 1 >= finality { return "final" }
    return height - block.ref.height + 1 >= confirmations ? "confirmed" : "included"
  }

  private func outsideBlocks(_ number: Int, after last: Int, from state: String) -> String {
    var state = state
    for observation in world.history[(last + 1)...] {
      switch observation {
      case .connected(let block):
        if block.transactions.contains(where: { world.areRivals($0, number) }) {
          return "replaced"
        }
      case .looked(let mempool, let isComplete):
        if mempool.contains(where: { world.areRivals($0, number) }) { return "replaced" }
        if isComplete { state = "dropped" }
      case .disconnected: break
      }
    }
    return state
  }
}
