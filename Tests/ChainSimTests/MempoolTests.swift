import Bitcoin
import Bytes
import ChainSim
import ChainTypes
import Testing

@Suite("The simulated mempool")
struct MempoolTests {
  @Test("a payment has its outputs first, change after them, and the fee asked for")
  func payment() throws {
    let node = try makeNode(blocks: 101)
    let outputs = [
      TransactionOutput(value: 1_000, scriptPubKey: script(1)),
      TransactionOutput(value: 2_000, scriptPubKey: script(1)),
    ]
    let paid = try node.pay(PaymentOrder(outputs: outputs, feeRate: 5))
    #expect(Array(paid.transaction.outputs.prefix(2)) == outputs)
    #expect(paid.transaction.outputs.count == 3)
    #expect(node.machine.mempool[paid.txid]?.fee == UInt64(5 * paid.vsize))
  }

  @Test("many payments chain on unconfirmed change, and one block takes them all")
  func chaining() throws {
    let node = try makeNode(blocks: 101)
    for value in 1...30 { try node.pay(script(1), value: UInt64(value) * 1_000) }
    #expect(node.machine.mempool.count == 30)
    let block = try #require(try node.mine().first)
    #expect(block.transactions.count == 31)
  }

  @Test("a replacement pays more, and takes out what built on the one it replaces")
  func replacement() throws {
    let node = try makeNode(blocks: 101)
    let paid = try node.pay(script(1), value: 50_000)
    let child = try node.pay(
      PaymentOrder(
        outputs: [TransactionOutput(value: 1_000, scriptPubKey: script(2))],
        source: .unconfirmed(parent: paid.txid)))
    let sequence = node.machine.mempool.sequence
    let bumped = try node.replace(paid.txid, paying: nil)
    let mempool = node.machine.mempool
    #expect(mempool[paid.txid] == nil && mempool[child.txid] == nil)
    #expect(mempool[bumped.txid] != nil)
    #expect(mempool.sequence == sequence + 3)
    #expect(bumped.transaction.outputs[0] == paid.transaction.outputs[0])
    #expect(bumped.transaction.inputs[0].outpoint == paid.transaction.inputs[0].outpoint)
    let input = bumped.transaction.inputs[0].outpoint
    #expect(mempool.spender(of: input) == bumped.txid)

    let none = try node.replace(bumped.txid, paying: [])
    #expect(none.transaction.outputs.map(\.scriptPubKey) == [Faucet.scriptPubKey])
  }

  @Test("a double spend that doesn't pay more is refused")
  func refusedReplacement() throws {
    let node = try makeNode(blocks: 101)
    let paid = try node.pay(script(1), value: 50_000)
    var rival = paid.transaction
    rival.outputs[0].scriptPubKey = script(2)
    #expect {
      try node.accept(rival)
    } throws: { error in
      guard let refusal = error as? TransactionRefusal else { return false }
      return refusal.code == -26 && refusal.reason.hasPrefix("insufficient fee")
    }
    #expect(node.machine.mempool[paid.txid] != nil)
  }

  @Test("a double spend that pays more in all, but less for each byte, is refused")
  func lowerFeeRate() throws {
    let node = try makeNode(blocks: 101)
    let paid = try node.pay(script(1), value: 50_000, feeRate: 50)
    let fee = try #require(node.machine.mempool[paid.txid]?.fee)
    // Fifty outputs more, and half the fee on top of it.
    var rival = paid.transaction
    rival.outputs[1].value -= 50 * 1_000 + fee / 2
    rival.outputs += (0..<50).map { _ in
      TransactionOutput(value: 1_000, scriptPubKey: script(2))
    }
    #expect {
      try node.accept(rival)
    } throws: { error in
      (error as? TransactionRefusal)?.reason.contains("new feerate") == true
    }
    // Without them it pays more for each byte too.
    rival.outputs.removeLast(50)
    #expect(try node.accept(rival) == [paid.txid])
  }

  @Test("missing inputs, immature coins and known transactions are refused as Bitcoin Core does")
  func refusals() throws {
    let node = try makeNode(blocks: 101)
    let paid = try node.pay(script(1), value: 50_000)
    var unknown = paid.transaction
    unknown.inputs[0].outpoint = Outpoint(txid: .zero, vout: 0)
    #expect(
      throws: TransactionRefusal(code: -25, reason: "bad-txns-inputs-missingorspent")
    ) { try node.accept(unknown) }

    let coinbase = try #require(node.machine.block(at: 50)).transactions[0].txid
    var early = paid.transaction
    early.inputs[0].outpoint = Outpoint(txid: coinbase, vout: 0)
    #expect(
      throws: TransactionRefusal(code: -26, reason: "bad-txns-premature-spend-of-coinbase")
    ) { try node.accept(early) }

    #expect(throws: TransactionRefusal(code: -26, reason: "txn-already-in-mempool")) {
      try node.accept(paid.transaction)
    }
    try node.mine()
    #expect(
      throws: TransactionRefusal(code: -27, reason: "Transaction outputs already in utxo set")
    ) { try node.accept(paid.transaction) }
  }

  @Test("an evicted transaction can come again")
  func eviction() throws {
    let node = try makeNode(blocks: 101)
    let paid = try node.pay(script(1), value: 50_000)
    #expect(try node.evict(paid.txid) == [paid.txid])
    #expect(node.machine.mempool.count == 0)
    #expect(throws: ChainSimError.notInMempool(paid.txid)) { try node.evict(paid.txid) }
    try node.accept(paid.transaction)
    #expect(node.machine.mempool[paid.txid] != nil)
  }

  @Test("a block of a conflicting transaction takes the loser out of the mempool")
  func conflictInBlock() throws {
    let node = try makeNode(blocks: 101)
    let paid = try node.pay(script(1), value: 50_000)
    let rival = try node.conflict(
      with: paid.transaction, paying: [TransactionOutput(value: 1_000, scriptPubKey: script(2))])
    try node.mine(exactly: [rival])
    #expect(node.machine.mempool.count == 0)
  }

  @Test("a block takes the transactions selected, with their unconfirmed parents")
  func selection() throws {
    let node = try makeNode(blocks: 101)
    let parent = try node.pay(script(1), value: 50_000)
    let child = try node.pay(
      PaymentOrder(
        outputs: [TransactionOutput(value: 1_000, scriptPubKey: script(2))],
        source: .unconfirmed(parent: parent.txid)))
    let other = try node.pay(script(3), value: 1_000)
    try node.mine(1, transactions: .none)
    #expect(node.machine.mempool.count == 3)
    let block = try #require(try node.mine(1, transactions: .only([child.txid])).first)
    #expect(block.transactions.dropFirst().map(\.txid) == [parent.txid, child.txid])
    #expect(node.machine.mempool[other.txid] != nil)
  }

  @Test("the faucet says when it hasn't enough")
  func insufficientFunds() throws {
    let node = try makeNode(blocks: 10)
    #expect(throws: ChainSimError.self) { try node.pay(script(1), value: 1_000) }
    #expect(throws: ChainSimError.valueTooLarge(.max)) { try node.pay(script(1), value: .max) }
  }
}
