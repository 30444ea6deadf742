import Bytes
import ChainTracking
import ChainTypes

/// A made-up chain with a mempool, moved by seeded chance, and everything a watcher saw of it.
struct RandomWorld {
  struct Transaction {
    let label: String
    /// The numbers of the coins it spends; two transactions with one in common are rivals.
    let coins: Set<Int>
    /// Its outputs to watched addresses.
    let values: [UInt64]
    let isCoinbase: Bool
    let requirement: ConfirmationRequirement
  }

  struct Block {
    let ref: BlockRef
    let transactions: [Int]
  }

  /// What a watcher was shown, in order.
  enum Observation {
    case connected(Block)
    case disconnected(Block)
    case looked(mempool: Set<Int>, isComplete: Bool)
  }

  private(set) var transactions: [Transaction] = []
  private(set) var chain: [Block]
  private(set) var mempool: Set<Int> = []
  private(set) var history: [Observation] = []
  private var generator: SplitMix64
  private var blocksMade = 0

  init(seed: UInt64) {
    generator = SplitMix64(seed: seed)
    chain = [Block(ref: BlockRef(height: 100, hash: hash("base")), transactions: [])]
    for _ in 0..<6 { write() }
  }

  /// A new transaction. Coins come up one after another, so that its rivals are young too.
  private mutating func write() {
    let newest = transactions.count
    let coins = Set((0..<random(1...2)).map { _ in max(0, newest - random(0...2)) })
    let values = (0..<random(0...2)).map { _ in UInt64(random(0...5) == 0 ? 500 : 10_000) }
    transactions.append(
      Transaction(
        label: "t\(newest)", coins: coins, values: values, isCoinbase: false,
        requirement: ConfirmationRequirement(
          confirmations: UInt32(random(0...3)), finality: UInt32(random(3...5)))))
  }

  /// One of the latest transactions that fits the chain.
  private mutating func pick() -> Int? {
    let number = max(0, transactions.count - random(1...10))
    return !transactions[number].isCoinbase && fitsChain(number) ? number : nil
  }

  var tip: Block { chain[chain.count - 1] }

  mutating func random(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &generator)
  }

  func areRivals(_ a: Int, _ b: Int) -> Bool {
    a != b && !transactions[a].coins.isDisjoint(with: transactions[b].coins)
  }

  private func isMined(_ number: Int) -> Bool {
    chain.contains { $0.transactions.contains(number) }
  }

  private func fitsChain(_ number: Int) -> Bool {
    !isMined(number) && !chain.contains { $0.transactions.contains { areRivals($0, number) } }
  }

  // MARK: What happens

  /// A transaction enters the mempool and replaces its rivals there.
  mutating func broadcast() {
    write()
    guard let number = pick() else { return }
    mempool = mempool.filter { !areRivals($0, number) }
    mempool.insert(number)
  }

  mutating func evict() {
    if let number = mempool.sorted().randomElement(using: &generator) { mempool.remove(number) }
  }

  /// A block on the tip, of the mempool's transactions and sometimes one that was never in it.
  mutating func mine() -> Block {
    var mined = mempool.sorted().filter { _ in random(0...1) == 0 }
    if random(0...1) == 0, let stranger = pick(), !mined.contains(stranger),
      !mined.contains(where: { areRivals($0, stranger) })
    {
      mined.append(stranger)
    }
    blocksMade += 1
    if random(0...2) == 0 {
      mined.append(transactions.count)
      transactions.append(
        Transaction(
          label: "c\(blocksMade)", coins: [], values: [5_000], isCoinbase: true,
          requirement: ConfirmationRequirement(confirmations: 1, finality: 3)))
    }
    let block = Block(
      ref: BlockRef(height: tip.ref.height + 1, hash: hash("block \(blocksMade)")),
      transactions: mined)
    chain.append(block)
    mempool = mempool.filter { fitsChain($0) }
    history.append(.connected(block))
    return block
  }

  /// Takes back the tip; most of its transactions return to the mempool.
  mutating func unmine() -> Block? {
    guard chain.count > 1 else { return nil }
    let block = chain.removeLast()
    for number in block.transactions where !transactions[number].isCoinbase {
      if random(0...3) > 0, !mempool.contains(where: { areRivals($0, number) }) {
        mempool.insert(number)
      }
    }
    history.append(.disconnected(block))
    return block
  }

  mutating func look(isComplete: Bool) {
    history.append(.looked(mempool: mempool, isComplete: isComplete))
  }
}
