internal import Bytes
internal import ChainSim
internal import ChainTypes

/// A chain in a random life, of whatever kind.
protocol LivingChain: AnyObject {
  var spec: ChainSpec { get }
  var truth: ChainTruth { get }
  /// The places of its links among those of the world.
  var linkPlaces: [Int] { get }
  /// Whether its nodes ever have faults.
  var hasFaults: Bool { get }
  /// The height after which scanning began, -1 before.
  var anchorHeight: Int64 { get }
  /// The time of the latest block at which its watcher has stood; seconds since 1970.
  var latestTime: Int64 { get }

  /// Takes in what its nodes know by now.
  func learn()
  /// Takes in where its watcher stands.
  func learn(_ stored: StoredState.Chain)

  // Each says what was done; nil where nothing was.
  func pay(_ bill: Bill, _ random: inout SplitMix64) -> String?
  func interfere(_ random: inout SplitMix64) -> String?
  func evict(_ random: inout SplitMix64) -> String?
  func mine(_ random: inout SplitMix64) -> String?
  func reorganise(_ random: inout SplitMix64) -> String?
  func finalise(_ random: inout SplitMix64) -> String?
  func relay() -> String
  func changeTopology(_ random: inout SplitMix64) -> String
  func injectFault(about recipient: [UInt8]?, _ random: inout SplitMix64) -> String?
  func removeFaults(_ random: inout SplitMix64) -> String

  /// Takes all faults away and has all nodes agree.
  func heal()
  /// One more block, which all nodes have.
  func advance()
  var agreedTip: BlockRef { get }
  /// What an account has there by the nodes' own books; nil where coins are outputs.
  func balance(of account: [UInt8], contract: String) -> UInt256?
}

/// A chain by its nodes, which hear one another only when told to.
final class ChainLife<Node: LivingNode>: LivingChain {
  let spec: ChainSpec
  let hasFaults: Bool
  private let mode: Simulation.Mode
  private let links: [NodeLink<Node>]
  private let network: SimulatedNetwork<Node>
  /// The only node that tells lies which nobody can refute alone.
  private let liar: Int
  /// Whether all others lack something always.
  private let isLiarAlone: Bool
  /// Nodes that neither hear nor tell anything.
  private var isolated: Set<Int> = []
  private(set) var truth = ChainTruth()
  private(set) var anchorHeight: Int64 = -1
  private(set) var latestTime: Int64 = 0
  /// Where the watcher stood at the last look, and what was final for it.
  private var watched: (tip: BlockRef, finalHeight: UInt32)?
  /// Faults that a node keeps.
  private let standingFaults: [(place: Int, fault: Fault)]

  init(
    _ spec: ChainSpec, _ links: [NodeLink<Node>], mode: Simulation.Mode, hasFaults: Bool,
    standingFaults: [(place: Int, fault: Fault)] = [], _ random: inout SplitMix64
  ) {
    self.spec = spec
    self.links = links
    self.mode = mode
    self.hasFaults = hasFaults
    self.standingFaults = standingFaults
    network = SimulatedNetwork(links.map(\.node))
    let sound = links.indices.filter { place in !standingFaults.contains { $0.place == place } }
    isLiarAlone = sound.count == 1
    liar = isLiarAlone ? sound[0] : Int.random(in: links.indices, using: &random)
    for (place, fault) in standingFaults { links[place].node.inject(fault) }
  }

  private var nodes: [Node] { network.nodes }

  var linkPlaces: [Int] { links.map(\.place) }

  private func randomNode(_ random: inout SplitMix64) -> Node {
    nodes[Int.random(in: nodes.indices, using: &random)]
  }

  // MARK: What is known

  func learn() {
    for (place, node) in nodes.enumerated() {
      node.teach(&truth)
      if let final = node.finalized { truth.learn(final: final.hash, at: place) }
    }
  }

  func learn(_ stored: StoredState.Chain) {
    guard let cursor = stored.cursor, let hash = Hash32(cursor.hash) else { return }
    let first = stored.coverage.first.map { $0.from - 1 } ?? cursor.height
    // A reorg that reaches below the anchor is scanned from there.
    anchorHeight = anchorHeight < 0 ? first : min(anchorHeight, first)
    latestTime = max(latestTime, truth.block(hash)?.time ?? 0)
    watched = (
      BlockRef(height: UInt32(clamping: cursor.height), hash: hash),
      UInt32(clamping: cursor.finalHeight ?? 0)
    )
  }

  // MARK: Acts

  func pay(_ bill: Bill, _ random: inout SplitMix64) -> String? {
    let text = randomNode(&random).pay(bill, &truth, &random)
    healDivergence()
    return text
  }

  func interfere(_ random: inout SplitMix64) -> String? {
    randomNode(&random).interfere(&truth, &random)
  }

  func evict(_ random: inout SplitMix64) -> String? {
    let eviction = randomNode(&random).evict(&random)
    if let hash = eviction?.everywhere { for node in nodes { node.forget(hash) } }
    return eviction?.text
  }

  func mine(_ random: inout SplitMix64) -> String? {
    let text = randomNode(&random).mine(&random)
    if Bool.random(using: &random) { network.propagate() }
    healDivergence()
    return text
  }

  func finalise(_ random: inout SplitMix64) -> String? {
    learn()
    guard let common = commonHeight, common > 2 else { return nil }
    return randomNode(&random).finalise(upTo: common - 2, &random)
  }

  func reorganise(_ random: inout SplitMix64) -> String? {
    let place = Int.random(in: nodes.indices, using: &random)
    let deepest: UInt32 = mode == .shallow ? 4 : 9
    var depth =
      Int.random(in: 0..<4, using: &random) == 0
      ? UInt32.random(in: 1...deepest, using: &random) : UInt32.random(in: 1...2, using: &random)
    let node = nodes[place]
    // Rather one that takes something back.
    while depth < deepest, !node.holdsPayments(inLast: depth) { depth += 1 }
    let tip = node.tip
    guard Int64(tip.height) > Int64(depth) + anchorHeight + 1, isAllowed(depth, at: tip) else {
      return nil
    }
    let breaksFinality = node.finalized.map { tip.height - depth < $0.height } ?? false
    let text = node.reorganise(depth, &random)
    // No other node would follow. One is made anew from this, so that a quorum has left the block.
    if breaksFinality { nodes[(place + 1) % nodes.count].resync(from: node) }
    learn()
    if Bool.random(using: &random) { network.propagate() }
    healDivergence()
    return text
  }

  /// Whether a reorg takes back less than what is final for the watcher and for any node.
  private func isAllowed(_ depth: UInt32, at tip: BlockRef) -> Bool {
    guard mode == .shallow else { return true }
    learn()
    let base = tip.height - depth
    let limit = spec.finalityDepth - 1
    guard nodes.allSatisfy({ $0.finalized.map { base >= $0.height } ?? true }) else { return false }
    if spec.finalityTag != nil { return base >= watched?.finalHeight ?? 0 }
    return tips.allSatisfy { other in
      guard let fork = truth.forkHeight(other.hash, tip.hash) else { return false }
      return other.height - min(fork, base, other.height) <= limit - 1
    }
  }

  /// Of the nodes and, as of the last look, of the watcher.
  private var tips: [BlockRef] { nodes.map(\.tip) + (watched.map { [$0.tip] } ?? []) }

  /// Up to where the chains of all nodes and of the watcher are one.
  private var commonHeight: UInt32? {
    guard let first = tips.first else { return nil }
    var common = first.height
    for tip in tips {
      guard let fork = truth.forkHeight(first.hash, tip.hash) else { return nil }
      common = min(common, fork)
    }
    return common
  }

  /// In shallow mode no two nodes may drift so far apart that meeting again breaks finality.
  private func healDivergence() {
    guard mode == .shallow else { return }
    learn()
    let tips = tips
    let isFar = tips.contains { a in
      tips.contains { b in
        truth.forkHeight(a.hash, b.hash).map { a.height > $0 + 2 && b.height > $0 } ?? true
      }
    }
    if isFar {
      isolate([])
      network.propagate()
    }
  }

  // MARK: The network

  private func isolate(_ places: Set<Int>) {
    isolated = places
    network.partition(places.sorted().map { [$0] })
  }

  func relay() -> String {
    network.propagate()
    return "relay among all but \(isolated.sorted())"
  }

  func changeTopology(_ random: inout SplitMix64) -> String {
    let place = Int.random(in: nodes.indices, using: &random)
    if Bool.random(using: &random) {
      isolate(isolated.symmetricDifference([place]))
      return "isolated: \(isolated.sorted())"
    }
    links[place].isCut.toggle()
    return "link \(place) \(links[place].isCut ? "cut" : "up")"
  }

  func injectFault(about recipient: [UInt8]?, _ random: inout SplitMix64) -> String? {
    guard hasFaults else { return nil }
    var place = liar
    var kinds =
      Int.random(in: 0..<3, using: &random) == 0
      ? nodes[liar].lies(about: recipient, isAlone: isLiarAlone) : []
    if kinds.isEmpty {
      place = Int.random(in: nodes.indices, using: &random)
      kinds = nodes[place].faults()
    }
    guard let kind = kinds.randomElement(using: &random) else { return nil }
    let count =
      Int.random(in: 0..<4, using: &random) == 0 ? nil : Int.random(in: 1...6, using: &random)
    nodes[place].inject(Fault(kind, count: count))
    return "fault at \(nodes[place].name): \(kind) ×\(count.map(String.init) ?? "∞")"
  }

  func removeFaults(_ random: inout SplitMix64) -> String {
    let place = Int.random(in: nodes.indices, using: &random)
    if Bool.random(using: &random) {
      removeFaults(at: place)
      return "\(nodes[place].name) works again"
    }
    for place in nodes.indices { removeFaults(at: place) }
    return "all nodes of \(spec.name) work again"
  }

  private func removeFaults(at place: Int) {
    nodes[place].removeAllFaults()
    for standing in standingFaults where standing.place == place {
      nodes[place].inject(standing.fault)
    }
    links[place].isCut = false
  }

  // MARK: The end

  func heal() {
    for place in nodes.indices { removeFaults(at: place) }
    isolate([])
    network.propagate()
    // Two branches of equal work stand until one grows.
    nodes[0].mineEverything()
    network.propagate()
    // Those that have called final what the others left can't follow.
    for node in nodes where node.tip != nodes[0].tip { node.resync(from: nodes[0]) }
    learn()
  }

  func advance() {
    nodes[0].mineEverything()
    network.propagate()
    learn()
  }

  var agreedTip: BlockRef { nodes[0].tip }

  func balance(of account: [UInt8], contract: String) -> UInt256? {
    nodes[0].balance(of: account, contract: contract)
  }
}
