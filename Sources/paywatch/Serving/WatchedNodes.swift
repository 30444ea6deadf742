internal import ChainTypes
internal import Database
internal import Logging
internal import NodeRPC
internal import Settlement

/// The nodes of a watched chain, of whichever family.
enum WatchedNodes: Sendable {
  case bitcoin(NodePool)
  case ethereum(EthereumPool)

  var status: [NodeStatus] {
    switch self {
    case .bitcoin(let pool): pool.status()
    case .ethereum(let pool): pool.status()
    }
  }

  func broadcaster(for chain: ChainName, on database: any Database) -> OutgoingBroadcaster {
    switch self {
    case .bitcoin(let pool):
      OutgoingBroadcaster(chain: chain, database: database, pool: pool)
    case .ethereum(let pool):
      OutgoingBroadcaster(chain: chain, database: database, pool: pool)
    }
  }

  /// Until a node has another tip, for the interval at most; whether one has.
  func waitForBlock(above tip: BlockRef?, milliseconds: Int, clock: SystemRPCClock) async -> Bool {
    switch self {
    case .bitcoin(let pool):
      await pool.waitForBlock(above: tip, milliseconds: milliseconds, clock: clock)
    case .ethereum(let pool):
      await pool.waitForBlock(above: tip, milliseconds: milliseconds, clock: clock)
    }
  }

  /// Tells what an operator should know of a node: an old release, pruned blocks, a node that is
  /// still catching up. Until cancelled.
  func lookAfter(logger: Logger, clock: SystemRPCClock) async {
    guard case .bitcoin(let pool) = self else {
      while !Task.isCancelled { try? await clock.sleep(milliseconds: 600_000) }
      return
    }
    await withTaskGroup(of: Void.self) { group in
      for node in pool.nodes {
        group.addTask { await Self.lookAfter(node, logger: logger, clock: clock) }
      }
    }
  }

  private static func lookAfter(
    _ node: BitcoinNode, logger: Logger, clock: SystemRPCClock
  ) async {
    var told: [NodeNote] = []
    while !Task.isCancelled {
      if let notes = try? await node.notes() {
        for note in notes where !told.contains(note) {
          logger.warning("about a node", metadata: ["node": "\(node.name)", "note": "\(note)"])
        }
        told = notes
      }
      try? await clock.sleep(milliseconds: 600_000)
    }
  }
}
