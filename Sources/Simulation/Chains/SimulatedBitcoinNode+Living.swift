internal import Bitcoin
internal import Bytes
internal import ChainSim
internal import ChainTypes

extension SimulatedBitcoinNode: LivingNode {
  var finalized: BlockRef? { nil }

  func teach(_ truth: inout ChainTruth) {
    let machine = machine
    var cursor: StoredBlock? = machine.tip
    while let block = cursor, !truth.knows(block.hash) {
      truth.learn(TrueBlock(block))
      for known in block.transactions { truth.learn(known.transaction) }
      cursor = machine.block(block.header.previousBlockHash)
    }
    for entry in machine.mempool.ordered { truth.learn(entry.known.transaction) }
  }

  func balance(of account: [UInt8], contract: String) -> UInt256? { nil }

  // MARK: Payers

  func pay(_ bill: Bill, _ truth: inout ChainTruth, _ random: inout SplitMix64) -> String? {
    var outputs = bill.amounts.map {
      TransactionOutput(value: $0, scriptPubKey: bill.recipient)
    }
    if let other = bill.other {
      outputs.append(TransactionOutput(value: other.amount, scriptPubKey: other.recipient))
    }
    // A foreign output in front moves ours to another vout.
    if Bool.random(using: &random) {
      outputs.insert(TransactionOutput(value: 5_000, scriptPubKey: Faucet.scriptPubKey), at: 0)
    }
    var order = PaymentOrder(
      outputs: outputs, feeRate: UInt64.random(in: 1...5, using: &random),
      signalsReplacement: Bool.random(using: &random))
    switch Int.random(in: 0..<10, using: &random) {
    case 0:
      // Straight into a block: no mempool ever saw it.
      guard let transaction = try? payment(order) else { return nil }
      truth.learn(transaction)
      _ = try? mine(exactly: [transaction])
      return "pay in a block at \(name): \(transaction.txid.displayHex)"
    case 1:
      _ = try? mineCoinbase(to: bill.recipient)
      return "pay with a coinbase at \(name)"
    case 2:
      if let parent = waiting.randomElement(using: &random)?.txid {
        order.source = .unconfirmed(parent: parent)
      }
    default: break
    }
    guard let known = try? pay(order) else { return nil }
    truth.learn(known.transaction)
    return "pay at \(name): \(known.txid.displayHex)"
  }

  private var waiting: [KnownTransaction] { machine.mempool.ordered.map(\.known) }

  /// Whether payers can spend again what it spends: for coins of ours nobody but we can sign.
  private func isPayers(_ transaction: Transaction) -> Bool {
    let machine = machine
    return transaction.inputs.allSatisfy {
      machine.knownOutput($0.outpoint)?.scriptPubKey == Faucet.scriptPubKey
    }
  }

  /// The replacement pays us less, or nobody, or the same.
  func interfere(_ truth: inout ChainTruth, _ random: inout SplitMix64) -> String? {
    guard
      let victim = waiting.filter({ isPayers($0.transaction) }).randomElement(using: &random)
    else { return nil }
    let outputs: [TransactionOutput]?
    switch Int.random(in: 0..<3, using: &random) {
    case 0: outputs = []
    case 1: outputs = nil
    default:
      outputs = victim.transaction.outputs
        .filter { $0.scriptPubKey != Faucet.scriptPubKey }
        .map { TransactionOutput(value: max(600, $0.value / 2), scriptPubKey: $0.scriptPubKey) }
    }
    guard let known = try? replace(victim.txid, paying: outputs) else { return nil }
    truth.learn(known.transaction)
    return "replace \(victim.txid.displayHex) by \(known.txid.displayHex) at \(name)"
  }

  func evict(_ random: inout SplitMix64) -> (text: String, everywhere: Hash32?)? {
    if Int.random(in: 0..<4, using: &random) == 0 {
      loseMempool()
      return ("\(name) restarts without its mempool", nil)
    }
    guard let victim = waiting.randomElement(using: &random)?.txid else { return nil }
    return ("evict \(victim.displayHex)", victim)
  }

  func forget(_ transaction: Hash32) { _ = try? evict(transaction) }

  // MARK: Miners

  func mine(_ random: inout SplitMix64) -> String? {
    let content: BlockContent
    switch Int.random(in: 0..<6, using: &random) {
    case 0: content = .none
    case 1: content = .only(waiting.map(\.txid).filter { _ in Bool.random(using: &random) })
    default: content = .all
    }
    let count = Int.random(in: 1...3, using: &random)
    _ = try? mine(count, transactions: content)
    return "mine \(count) at \(name), \(content == .all ? "all" : "some")"
  }

  func mineEverything() { _ = try? mine(1, transactions: .all) }

  func holdsPayments(inLast depth: UInt32) -> Bool {
    let machine = machine
    return (0..<min(depth, machine.tip.height)).contains { below in
      (machine.block(at: machine.tip.height - below)?.transactions.count ?? 0) > 1
    }
  }

  func reorganise(_ depth: UInt32, _ random: inout SplitMix64) -> String? {
    let machine = machine
    let lost = (0..<depth).reversed().flatMap { below in
      machine.block(at: machine.tip.height - below)?.transactions.dropFirst() ?? []
    }
    var content = lost.filter { _ in Int.random(in: 0..<3, using: &random) > 0 }
      .map(\.transaction)
    // A double spend: the branch holds what can't stand beside the transaction that was lost.
    if let victim = lost.filter({ isPayers($0.transaction) }).randomElement(using: &random),
      Int.random(in: 0..<3, using: &random) == 0,
      let rival = try? conflict(with: victim.transaction, paying: [])
    {
      content.removeAll { $0.txid == victim.txid }
      content.append(rival)
    }
    let extra = UInt32.random(in: 1...2, using: &random)
    do {
      try fork(depth: depth, blocks: depth + extra, including: content)
    } catch {
      // A child without its parent: the branch is tried without content.
      _ = try? fork(depth: depth, blocks: depth + extra)
    }
    return "reorganise \(depth) at \(name) with \(content.count) transactions"
  }

  func finalise(upTo height: UInt32, _ random: inout SplitMix64) -> String? { nil }

  /// Work decides alone: nodes that hear each other need no more.
  func resync(from other: SimulatedBitcoinNode) {}

  // MARK: Saboteurs

  func faults() -> [Fault.Kind] {
    let height = tip.height
    let general: [Fault.Kind] = [
      .warmingUp, .prunedBelow(height: height), .forgedHeader, .wrongHashes(.unknown, from: 0),
      .unprovenTip, .mempoolLoading,
    ]
    return Fault.Kind.general + general + BlockForgery.allCases.map { .wrongBlock($0) }
      + Fault.HashForgery.allCases.map { .wrongHashes($0, from: height) }
  }

  func lies(about recipient: [UInt8]?, isAlone: Bool) -> [Fault.Kind] { [] }
}

extension Fault.Kind {
  /// What befalls nodes of every kind.
  static let general: [Fault.Kind] = [
    .slow(milliseconds: 3_000), .slow(milliseconds: 90_000),
    .httpStatus(503, text: "Work queue depth exceeded"), .unauthorized, .connectionDropped,
    .body(.empty), .body(.garbage), .body(.truncated), .batch(.reversed),
    .batch(.incomplete(missing: 1)), .error(code: -32603, message: "internal"),
    .laggingTip(blocks: 1), .laggingTip(blocks: 3),
  ]
}
