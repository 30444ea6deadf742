internal import Bitcoin
internal import Bytes
internal import ChainSim
internal import ChainTypes
internal import NodeRPC

// Blocks, branches, and what goes wrong with nodes.
extension Simulation {
  func randomNode() -> Int { Int.random(in: 0..<world.links.count, using: &random) }

  func node(_ place: Int) -> SimulatedBitcoinNode { world.links[place].node }

  func mine() {
    let place = randomNode()
    let mempool = node(place).machine.mempool.ordered.map(\.known.txid)
    let content: BlockContent
    switch Int.random(in: 0..<6, using: &random) {
    case 0: content = .none
    case 1: content = .only(mempool.filter { _ in Bool.random(using: &random) })
    default: content = .all
    }
    let count = Int.random(in: 1...3, using: &random)
    note("mine \(count) at node \(place), \(content == .all ? "all" : "some")")
    _ = try? node(place).mine(count, transactions: content)
    healDivergence()
  }

  /// Another branch with more work, which may leave transactions out or spend their coins otherwise.
  func reorganise() {
    let place = randomNode()
    let deepest: UInt32 = mode == .shallow ? 4 : 9
    let depth =
      Int.random(in: 0..<4, using: &random) == 0
      ? UInt32.random(in: 1...deepest, using: &random) : UInt32.random(in: 1...2, using: &random)
    let machine = node(place).machine
    guard machine.tip.height > depth + UInt32(clamping: anchor) + 1,
      isAllowed(depth, at: place)
    else { return }
    let lost = (0..<depth).reversed().flatMap { below in
      machine.block(at: machine.tip.height - below)?.transactions.dropFirst() ?? []
    }
    var content = lost.filter { _ in Int.random(in: 0..<3, using: &random) > 0 }
      .map(\.transaction)
    // A double spend: the branch holds what can't stand beside the transaction that was lost.
    if let victim = lost.randomElement(using: &random), Int.random(in: 0..<3, using: &random) == 0,
      let rival = try? node(place).conflict(with: victim.transaction, paying: [])
    {
      content.removeAll { $0.txid == victim.txid }
      content.append(rival)
    }
    note("reorganise \(depth) at node \(place) with \(content.count) transactions")
    let extra = UInt32.random(in: 1...2, using: &random)
    do {
      try node(place).fork(depth: depth, blocks: depth + extra, including: content)
    } catch {
      // A child without its parent: the branch is tried without content.
      _ = try? node(place).fork(depth: depth, blocks: depth + extra)
    }
    learn()
    healDivergence()
  }

  /// Whether a reorg at a node takes back less than what is final for the watcher and for any node.
  private func isAllowed(_ depth: UInt32, at place: Int) -> Bool {
    guard mode == .shallow else { return true }
    learn()
    let tip = node(place).tip
    let base = tip.height - depth
    let limit = world.settings.spec.finalityDepth - 1
    return (watchedTips + world.links.map(\.node.tip)).allSatisfy { other in
      guard let fork = truth.forkHeight(other.hash, tip.hash) else { return false }
      return other.height - min(fork, base, other.height) <= limit - 1
    }
  }

  /// Where a watcher may stand: any tip that a node has had lately.
  private var watchedTips: [BlockRef] { recentTip.map { [$0] } ?? [] }

  /// In shallow mode no two nodes may drift so far apart that meeting again breaks finality.
  func healDivergence() {
    guard mode == .shallow else { return }
    learn()
    let tips = world.links.map(\.node.tip) + watchedTips
    let isFar = tips.contains { a in
      tips.contains { b in
        truth.forkHeight(a.hash, b.hash).map { a.height > $0 + 2 && b.height > $0 } ?? true
      }
    }
    if isFar {
      isolated = []
      relay()
    }
  }

  /// Nodes that hear each other exchange blocks and transactions.
  func relay() {
    let places = world.links.indices.filter { !isolated.contains($0) }
    note("relay among \(places)")
    for from in places {
      for to in places where to != from {
        pass(from, to)
      }
    }
  }

  private func pass(_ from: Int, _ to: Int) {
    for block in missing(at: to, from: from) { node(to).accept(block.block) }
    let waiting = node(from).machine.mempool.ordered
    for entry in waiting where !has(entry.known.txid, to) {
      _ = try? node(to).accept(entry.known.transaction)
    }
  }

  // No copy of a node's state outlives these: its next change would copy all of it.

  private func missing(at to: Int, from: Int) -> [StoredBlock] {
    let (source, target) = (node(from).machine, node(to).machine)
    var missing: [StoredBlock] = []
    var cursor: StoredBlock? = source.tip
    while let block = cursor, target.block(block.hash) == nil {
      missing.append(block)
      cursor = source.block(block.header.previousBlockHash)
    }
    return missing.reversed()
  }

  private func has(_ txid: Hash32, _ place: Int) -> Bool {
    node(place).machine.mempool[txid] != nil
  }

  func changeTopology() {
    let place = randomNode()
    if Bool.random(using: &random) {
      if isolated.remove(place) == nil { isolated.insert(place) }
      note("isolated: \(isolated.sorted())")
    } else {
      let link = world.links[place]
      link.isCut.toggle()
      note("link \(place) \(link.isCut ? "cut" : "up")")
    }
  }

  func injectFault() {
    let place = randomNode()
    let height = node(place).tip.height
    let kinds: [Fault.Kind] =
      [
        .slow(milliseconds: 3_000), .slow(milliseconds: 90_000),
        .httpStatus(503, text: "Work queue depth exceeded"), .unauthorized, .connectionDropped,
        .body(.empty), .body(.garbage), .body(.truncated), .batch(.reversed),
        .batch(.incomplete(missing: 1)), .error(code: -32603, message: "internal"), .warmingUp,
        .prunedBelow(height: height), .forgedHeader, .wrongHashes(.unknown, from: 0),
        .laggingTip(blocks: 1), .laggingTip(blocks: 3), .unprovenTip, .mempoolLoading,
      ] + BlockForgery.allCases.map { .wrongBlock($0) }
      + Fault.HashForgery.allCases.map { .wrongHashes($0, from: height) }
    guard let kind = kinds.randomElement(using: &random) else { return }
    let count =
      Int.random(in: 0..<4, using: &random) == 0 ? nil : Int.random(in: 1...6, using: &random)
    note("fault at node \(place): \(kind) ×\(count.map(String.init) ?? "∞")")
    node(place).inject(Fault(kind, count: count))
  }

  func removeFaults() {
    let place = randomNode()
    note("node \(place) works again")
    node(place).removeAllFaults()
    world.links[place].isCut = false
  }

  func advanceClock() {
    let seconds = Int64.random(in: 1...(Bool.random(using: &random) ? 20 : 400), using: &random)
    note("\(seconds) s pass")
    world.time.advance(milliseconds: seconds * 1_000)
  }
}
