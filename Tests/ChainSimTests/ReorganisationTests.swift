import Bitcoin
import Bytes
import ChainSim
import ChainTypes
import Testing

@Suite("Reorganisations")
struct ReorganisationTests {
  //   101 ── A1 (pays)
  //      └── B1 ── B2
  @Test("a longer branch takes over, and what it lacks returns to the mempool")
  func longerBranch() throws {
    let node = try makeNode(blocks: 101)
    let paid = try node.pay(script(1), value: 50_000)
    let a1 = try #require(try node.mine().first)
    #expect(node.machine.mempool.count == 0)
    let sequence = node.machine.mempool.sequence

    try node.fork(depth: 1, blocks: 1)
    #expect(node.tip.hash == a1.hash)
    let branch = try node.fork(depth: 1, blocks: 2)
    #expect(node.tip.hash == branch[1].hash)
    #expect(node.machine.mempool[paid.txid] != nil)
    #expect(node.machine.mempool.sequence == sequence + 1)
    #expect(node.machine.coin(Outpoint(txid: paid.txid, vout: 0)) == nil)

    try node.mine()
    #expect(node.machine.coin(Outpoint(txid: paid.txid, vout: 0))?.output.value == 50_000)
  }

  //   101 ── A1 (pays you)
  //      └── B1 (pays me with the same coin) ── B2
  @Test("a double spend in the new branch keeps the old payment out for good")
  func doubleSpend() throws {
    let node = try makeNode(blocks: 101)
    let paid = try node.pay(script(1), value: 50_000)
    let child = try node.pay(
      PaymentOrder(
        outputs: [TransactionOutput(value: 1_000, scriptPubKey: script(3))],
        source: .unconfirmed(parent: paid.txid)))
    try node.mine()
    let rival = try node.conflict(
      with: paid.transaction,
      paying: [TransactionOutput(value: 50_000, scriptPubKey: script(2))])
    try node.fork(depth: 1, blocks: 2, including: [rival])
    let machine = node.machine
    #expect(machine.mempool.count == 0)
    #expect(machine.coin(Outpoint(txid: rival.txid, vout: 0)) != nil)
    #expect(machine.knownTransaction(child.txid) != nil)
    #expect(machine.coin(Outpoint(txid: child.txid, vout: 0)) == nil)
  }

  @Test("invalidating and reconsidering a block leads away and back, coins included")
  func invalidation() throws {
    let node = try makeNode(blocks: 110)
    try node.pay(script(1), value: 50_000)
    try node.mine(3)
    let before = node.machine
    let bad = try #require(before.block(at: 108))
    try node.invalidate(bad.hash)
    #expect(node.tip.height == 107)
    #expect(node.machine.mempool.count == 1)
    try node.mine()
    #expect(node.tip.height == 108)
    try node.reconsider(bad.hash)
    #expect(node.tip == before.tip.ref)
    #expect(node.machine.mempool.count == 0)
    for height in 1...before.tip.height {
      let txid = try #require(before.block(at: height)).transactions[0].txid
      let outpoint = Outpoint(txid: txid, vout: 0)
      #expect(node.machine.coin(outpoint) == before.coin(outpoint))
    }
  }

  @Test("a branch with a transaction that isn't valid there is refused, and the old tip stays")
  func invalidBranch() throws {
    let node = try makeNode(blocks: 101)
    let paid = try node.pay(script(1), value: 50_000)
    let block = try #require(try node.mine().first)
    #expect(throws: ChainSimError.self) {
      // The coinbase it spends is immature there.
      try node.fork(depth: 3, blocks: 4, including: [paid.transaction])
    }
    #expect(node.tip.hash == block.hash)
    #expect(node.machine.coin(Outpoint(txid: paid.txid, vout: 0)) != nil)
  }

  @Test("parted nodes disagree, and agree on the branch with more work once they hear each other")
  func network() throws {
    let first = try makeNode(seed: 1, blocks: 105)
    let nodes = [
      first, first.copy(name: "second", seed: 2), first.copy(name: "third", seed: 3),
    ]
    let network = SimulatedNetwork(nodes)
    let paid = try first.pay(script(1), value: 9_000)
    network.propagate()
    #expect(nodes.allSatisfy { $0.machine.mempool[paid.txid] != nil })

    network.partition([[0]])
    try nodes[0].mine(1)
    try nodes[1].mine(2, transactions: .none)
    network.propagate()
    #expect(nodes[0].tip.height == 106)
    #expect(nodes[2].tip == nodes[1].tip)

    network.setLagging(2, true)
    network.heal()
    try nodes[1].mine(1, transactions: .none)
    network.propagate()
    #expect(nodes[0].tip == nodes[1].tip)
    #expect(nodes[2].tip.height == 107)
    network.setLagging(2, false)
    network.propagate()
    #expect(nodes[2].tip == nodes[0].tip)
    #expect(nodes.allSatisfy { $0.machine.mempool[paid.txid] != nil })
  }
}
