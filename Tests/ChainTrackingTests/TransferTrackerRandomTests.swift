import Bytes
import ChainTracking
import ChainTypes
import Testing

/// A tracker and the rows that a store would have, shown what happens in a random world.
private struct RandomRun {
  var world: RandomWorld
  var tracker: TransferTracker
  var rows: [TransferID: TrackedTransfer] = [:]
  /// The words of all states that were told.
  private(set) var told: Set<String> = []
  let rules: TransferRules
  private var clock: Int64 = 0

  init(seed: UInt64, retentionBlocks: UInt32) {
    world = RandomWorld(seed: seed)
    rules = TransferRules(
      coinbaseMaturity: 4, dustLimit: 546, retentionBlocks: retentionBlocks)
    tracker = TransferTracker(rules: rules, tip: world.tip.ref, tracked: [])
  }

  mutating func step() throws {
    switch world.random(0...9) {
    case 0...3: world.broadcast()
    case 4: world.evict()
    case 5...6: try connect(world.mine())
    case 7:
      let depth = world.random(1...4)
      for _ in 0..<depth { try disconnect() }
      // A branch with more work can have fewer blocks.
      for _ in 0..<world.random(1...(depth + 1)) { try connect(world.mine()) }
    case 8: restart()
    default: look(isComplete: false)
    }
    if world.random(0...2) > 0 { look(isComplete: true) }
  }

  private func found(_ numbers: some Sequence<Int>) throws -> [FoundTransfer] {
    try numbers.flatMap { number in
      let transaction = world.transactions[number]
      return try transaction.values.indices.map { vout in
        FoundTransfer(
          id: try transferID(transaction.label, UInt32(vout)), ordinal: UInt64(number),
          value: UInt256(transaction.values[vout]), inputs: inputs(number),
          isCoinbase: transaction.isCoinbase, requirement: transaction.requirement)
      }
    }
  }

  private func inputs(_ number: Int) -> [Outpoint] {
    let transaction = world.transactions[number]
    return transaction.isCoinbase
      ? [Outpoint(txid: .zero, vout: .max)]
      : transaction.coins.sorted().map { outpoint("coin \($0)") }
  }

  private func spends(_ numbers: some Sequence<Int>) -> [Spend] {
    numbers.flatMap { number in
      inputs(number).filter { tracker.isPendingInput($0) }
        .map { Spend(outpoint: $0, txid: hash(world.transactions[number].label)) }
    }
  }

  private mutating func adopt(_ found: [FoundTransfer]) {
    tracker.adopt(found.filter { !tracker.knows($0.id) }.compactMap { rows[$0.id] })
  }

  private mutating func connect(_ block: RandomWorld.Block) throws {
    clock += 1
    let found = try found(block.transactions)
    adopt(found)
    let parent = world.chain[world.chain.count - 2].ref.hash
    record(
      try tracker.connect(
        block.ref, parent: parent, time: Timestamp(seconds: clock), found: found,
        spends: spends(block.transactions), now: Timestamp(seconds: clock)))
  }

  private mutating func disconnect() throws {
    guard let block = world.unmine() else { return }
    tracker.adopt(
      rows.values.filter { $0.state.isInActiveChain && $0.state.block == block.ref })
    record(try tracker.disconnect(block.ref, newTip: world.tip.ref))
  }

  private mutating func look(isComplete: Bool) {
    clock += 1
    world.look(isComplete: isComplete)
    guard let found = try? found(world.mempool.sorted()) else { return }
    adopt(found)
    let present = Set(world.mempool.map { hash(world.transactions[$0].label) })
    record(
      tracker.look(
        MempoolLook(
          found: found, present: present, spends: spends(world.mempool.sorted()),
          isComplete: isComplete),
        now: Timestamp(seconds: clock)))
  }

  private mutating func restart() {
    let live = rows.values.filter { if case .final = $0.state { false } else { true } }
    tracker = TransferTracker(rules: rules, tip: world.tip.ref, tracked: Array(live))
  }

  /// Each step must begin where the row stands, and be one that the machine has.
  private mutating func record(_ changes: [TransferChange]) {
    for change in changes {
      #expect(change.before == rows[change.after.id])
      #expect(
        change.before?.state.canBecome(change.after.state) ?? change.after.state.canBegin)
      #expect((change.after.blockTime != nil) == change.after.state.isInActiveChain)
      rows[change.after.id] = change.after
      told.insert(change.after.state.name)
    }
  }

  /// Compares every row with what the history says. Where little is remembered, a dropped transfer
  /// may not have been told that it was replaced since.
  func check(_ note: String, remembersAll: Bool) throws {
    let oracle = NaiveTracker(world: world, rules: rules)
    for (number, transaction) in world.transactions.enumerated() {
      for (vout, value) in transaction.values.enumerated() {
        let row = rows[try transferID(transaction.label, UInt32(vout))]
        let expected = oracle.expected(number, value: value)
        let isForgiven = !remembersAll && expected == "replaced" && row?.state.name == "dropped"
        #expect(
          row?.state.name == expected || isForgiven, "\(note), \(transaction.label):\(vout)")
        if let block = row?.state.block, row?.state.isInActiveChain == true {
          #expect(world.chain.contains { $0.ref == block })
        }
        if case .replaced(let by)? = row?.state {
          #expect(
            world.transactions.indices.contains {
              world.areRivals($0, number) && hash(world.transactions[$0].label) == by
            })
        }
      }
    }
  }
}

@Suite("Transfers in a random world")
struct TransferTrackerRandomTests {
  @Test("every transfer stands where its whole history puts it")
  func remembersAll() throws {
    var told: Set<String> = []
    for seed: UInt64 in 1...8 {
      var run = RandomRun(seed: seed, retentionBlocks: 1_000_000)
      for step in 0..<100 {
        try run.step()
        try run.check("seed \(seed), step \(step)", remembersAll: true)
      }
      told.formUnion(run.told)
    }
    #expect(
      told == [
        "seen", "included", "confirmed", "final", "replaced", "dropped", "orphaned", "quarantined",
      ])
  }

  @Test("so it does when much is forgotten and handed back")
  func forgets() throws {
    for seed: UInt64 in 21...28 {
      var run = RandomRun(seed: seed, retentionBlocks: 1)
      for step in 0..<100 {
        try run.step()
        try run.check("seed \(seed), step \(step)", remembersAll: false)
      }
    }
  }
}
