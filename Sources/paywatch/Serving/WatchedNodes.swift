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
      await Self.waitForBlock(above: tip, of: pool, milliseconds: milliseconds, clock: clock)
    case .ethereum(let pool):
      await Self.poll(above: tip, of: pool, milliseconds: milliseconds, clock: clock)
    }
  }

  private static func waitForBlock(
    above tip: BlockRef?, of pool: NodePool, milliseconds: Int, clock: SystemRPCClock
  ) async -> Bool {
    let started = clock.nowMilliseconds
    if let tip, let first = pool.servingOrder().first {
      let node = pool.nodes[first]
      let newest = try? await node.waitForNewBlock(
        current: tip.hash, timeoutMilliseconds: milliseconds)
      if let newest, newest != tip.hash { return true }
      let shortest = min(50, milliseconds)
      // Where the node doesn't wait, we do.
      guard clock.nowMilliseconds - started < Int64(shortest) else { return false }
    }
    try? await clock.sleep(milliseconds: min(200, milliseconds))
    return false
  }

  /// EVM nodes don't wait: the best one is asked several times in the interval.
  private static func poll(
    above tip: BlockRef?, of pool: EthereumPool, milliseconds: Int, clock: SystemRPCClock
  ) async -> Bool {
    let end = clock.nowMilliseconds + Int64(milliseconds)
    while !Task.isCancelled {
      try? await clock.sleep(milliseconds: max(20, min(500, milliseconds)))
      guard let tip, let first = pool.servingOrder().first else { return false }
      if let head = try? await pool.nodes[first].header(.latest), head.ref != tip { return true }
      guard clock.nowMilliseconds < end else { return false }
    }
    return false
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
