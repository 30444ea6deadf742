import Bitcoin
import Bytes
import ChainSim
import ChainTypes
import JSON
import NodeRPC
import Testing

@Suite("Typed calls to a simulated node")
struct TypedCallTests {
  @Test("tip, headers and blocks come as the node has them, stale ones with −1 confirmation")
  func chain() async throws {
    let node = try makeNode(blocks: 103)
    let stale = node.tip
    try node.fork(depth: 1, blocks: 2)
    let client = client(of: node)
    let info = try await client.chainInfo()
    #expect(info.chain == "regtest" && info.tip == node.tip && !info.pruned)
    #expect(try await client.bestBlockHash() == node.tip.hash)
    #expect(try await client.blockHash(at: 0) == node.machine.genesis.hash)
    await #expect(throws: NodeError.heightOutOfRange(999)) { try await client.blockHash(at: 999) }

    let header = try #require(try await client.header(node.tip.hash))
    #expect(header.bytes == node.machine.tip.header.bytes)
    #expect(header.confirmations == 1 && header.chainWork == node.machine.tip.chainWork)
    let old = try #require(try await client.header(stale.hash))
    #expect(!old.isActive && old.height == 103)
    #expect(try await client.header(.zero) == nil)
    #expect(
      try await client.rawHeaders([node.tip.hash, .zero]) == [
        node.machine.tip.header.bytes, nil,
      ])
    #expect(try await client.block(stale.hash) == node.machine.block(stale.hash)?.bytes)
    await #expect(throws: NodeError.unknownBlock(.zero)) { try await client.block(.zero) }
  }

  @Test("the mempool, its transactions and its spends")
  func mempool() async throws {
    let node = try makeNode(blocks: 101)
    let paid = try node.pay(script(1), value: 10_000)
    let client = client(of: node)
    #expect(try await client.mempool() == [paid.txid])
    #expect(try await client.hasLoadedMempool())
    node.inject(Fault(.mempoolLoading, count: 2))
    #expect(try await client.hasLoadedMempool() == false)
    #expect(try await client.mempool() == [])
    #expect(
      try await client.transactions([paid.txid, .zero]) == [paid.transaction.bytes, nil])
    let spent = paid.transaction.inputs[0].outpoint
    let unspent = Outpoint(txid: paid.txid, vout: 0)
    #expect(try await client.spendingTransaction(of: [spent, unspent]) == [paid.txid, nil])
    #expect(try await client.estimateFee(withinBlocks: 6) == nil)
    node.setFeeEstimate(2_500)
    #expect(try await client.estimateFee(withinBlocks: 6) == 2_500)
    #expect(try await client.notes() == [])
  }

  @Test("broadcasting: taken, taken again, in a block already, impossible")
  func broadcast() async throws {
    let node = try makeNode(blocks: 101)
    let client = client(of: node)
    let transaction = try node.payment(
      PaymentOrder(outputs: [TransactionOutput(value: 5_000, scriptPubKey: script(1))]))
    #expect(try await client.send(transaction.bytes) == transaction.txid)
    #expect(try await client.send(transaction.bytes) == transaction.txid)
    try node.mine()
    await #expect(
      throws: NodeError.transactionRefused(
        .alreadyInUTXOSet, message: "Transaction outputs already in utxo set")
    ) { try await client.send(transaction.bytes) }
    var impossible = transaction
    impossible.inputs[0].outpoint = Outpoint(txid: .zero, vout: 1)
    let bytes = impossible.bytes
    await #expect(
      throws: NodeError.transactionRefused(
        .inputsOrBounds, message: "bad-txns-inputs-missingorspent")
    ) { try await client.send(bytes) }
  }

  @Test("a scan gives the unspent outputs of scripts at the tip, without the mempool")
  func coins() async throws {
    let node = try makeNode(blocks: 101)
    let paid = try node.pay(script(1), value: 10_000)
    try node.pay(script(2), value: 20_000)
    let client = client(of: node)
    #expect(try await client.coins(paying: [script(1)]).coins.isEmpty)
    try node.mine()
    try node.pay(script(1), value: 30_000)
    let scan = try await client.coins(paying: [script(1), script(3)])
    #expect(scan.tip == node.tip)
    #expect(scan.coins.map(\.outpoint) == [Outpoint(txid: paid.txid, vout: 0)])
    #expect(scan.coins.map(\.satoshi) == [10_000])
    #expect(scan.coins.map(\.scriptPubKey) == [script(1)])
    #expect(scan.coins.map(\.height) == [102])
    #expect(try await client.coins(paying: []).coins.isEmpty)
  }

  @Test("a scan waits while another one runs, and gives up in the end")
  func busyScan() async throws {
    let node = try makeNode(blocks: 1)
    let busy = RPCNodeError(
      code: -8, message: "Scan already in progress, use action \"abort\" or \"status\"")
    node.inject(
      Fault(.error(code: busy.code, message: busy.message), method: "scantxoutset", count: 2))
    #expect(try await client(of: node).coins(paying: [script(1)]).tip == node.tip)
    node.inject(Fault(.error(code: busy.code, message: busy.message), method: "scantxoutset"))
    await #expect(throws: NodeError.rpc(.node(busy))) {
      try await client(of: node).coins(paying: [script(1)])
    }
  }

  @Test("waiting for a block ends at once where it came before, and when it comes")
  func waiting() async throws {
    let node = try makeNode(blocks: 3, clock: StoppedClock())
    let client = client(of: node)
    let genesis = node.machine.genesis.hash
    #expect(
      try await client.waitForNewBlock(current: genesis, timeoutMilliseconds: 60_000)
        == node.tip.hash)
    let before = node.tip.hash
    async let waited = client.waitForNewBlock(current: before, timeoutMilliseconds: 60_000)
    let mined = try #require(try node.mine().first)
    #expect(try await waited == mined.hash)
  }

  @Test("waiting for a block ends with the time-out of the injected clock")
  func waitingInVain() async throws {
    let clock = NotingClock()
    let node = try makeNode(blocks: 3, clock: clock)
    let tip = node.tip.hash
    #expect(
      try await client(of: node).waitForNewBlock(current: tip, timeoutMilliseconds: 1_500) == tip)
    #expect(clock.sleeps == [1_500])
  }

  @Test("blocks can be mined, paid into and forked over RPC")
  func development() async throws {
    let node = try makeNode(blocks: 101)
    let address = JSONValue.string("bcrt1qygcmc9uvnpdurqc6f9zdf0u37x5ejf7k38h202")
    let paid = try #require(
      try await node.result("sim.pay", [address, .integer(10_000)])?.displayHash)
    #expect(node.machine.mempool[paid] != nil)
    let replaced = try #require(
      try await node.result("sim.replace", [.displayHash(paid), address, .integer(9_000)])?
        .displayHash)
    #expect(node.machine.mempool[paid] == nil)
    #expect(
      try await node.result("sim.evict", [.displayHash(replaced)])
        == .array([.displayHash(replaced)]))
    #expect(try await node.result("sim.mine", [.integer(2)])?.elements?.count == 2)
    #expect(
      try await node.result("generatetoaddress", [.integer(3), address])?.elements?.count == 3)
    #expect(node.tip.height == 106)
    _ = try await node.result("sim.fork", [.integer(2), .integer(3)])
    #expect(node.tip.height == 107)
    let tip = node.tip.hash
    #expect(try await node.result("invalidateblock", [.displayHash(tip)]) == .null)
    #expect(node.tip.hash != tip)
    #expect(try await node.result("reconsiderblock", [.displayHash(tip)]) == .null)
    #expect(node.tip.hash == tip)
    let other = try makeNode()
    for height in 1...node.tip.height {
      let bytes = try #require(node.machine.block(at: height)).bytes
      #expect(try await other.result("submitblock", [.string(Hex.encode(bytes))]) == .null)
    }
    #expect(other.tip == node.tip)
  }
}
