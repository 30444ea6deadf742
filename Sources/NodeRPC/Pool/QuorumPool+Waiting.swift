package import ChainTypes

extension QuorumPool where Node == BitcoinNode {
  /// Until the best node has another tip, for the interval at most; whether it has. The node is
  /// asked once, and answers when a block comes.
  package func waitForBlock(
    above tip: BlockRef?, milliseconds: Int, clock: any RPCClock
  ) async -> Bool {
    let started = clock.nowMilliseconds
    if let tip, let first = servingOrder().first {
      let newest = try? await nodes[first].waitForNewBlock(
        current: tip.hash, timeoutMilliseconds: milliseconds)
      if let newest, newest != tip.hash { return true }
      let shortest = min(50, milliseconds)
      // Where the node doesn't wait, we do.
      guard clock.nowMilliseconds - started < Int64(shortest) else { return false }
    }
    try? await clock.sleep(milliseconds: min(200, milliseconds))
    return false
  }
}

extension QuorumPool where Node == EthereumNode {
  /// The same. EVM nodes don't wait: the best one is asked for its head ten times in the interval,
  /// between once in 20 ms and twice a second. Bench: `EVM block to its event in Kafka`.
  package func waitForBlock(
    above tip: BlockRef?, milliseconds: Int, clock: any RPCClock
  ) async -> Bool {
    let end = clock.nowMilliseconds + Int64(milliseconds)
    while !Task.isCancelled {
      try? await clock.sleep(milliseconds: max(20, min(500, milliseconds / 10)))
      guard let tip, let first = servingOrder().first else { return false }
      if let head = try? await nodes[first].header(.latest), head.ref != tip { return true }
      guard clock.nowMilliseconds < end else { return false }
    }
    return false
  }
}
