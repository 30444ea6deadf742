package import Bitcoin
package import Bytes
package import ChainTypes
package import NodeRPC
internal import Synchronization

/// A Bitcoin-like development node: valid regtest blocks, a mempool, money of its own, faults on
/// demand, and Bitcoin Core's JSON-RPC over it, in process (`post`) or over HTTP
/// (`ChainSimServer`).
///
/// Time is injected: `now` gives the seconds since 1970 that new blocks and mempool entries bear,
/// `clock` what delays and waits go by. The same seed, times and calls give the same hashes.
package final class SimulatedBitcoinNode: Sendable {
  package let name: String
  let clock: any RPCClock
  let waiters = TipWaiters()
  private let now: @Sendable () -> UInt32
  private let state: Mutex<State>

  struct State: Sendable {
    var machine: ChainMachine
    var faults = FaultBoard()
    /// What `setmocktime` set.
    var mockTime: UInt32?
    var hasTransactionIndex: Bool
    /// Satoshi for 1,000 virtual bytes.
    var feeEstimate: UInt64?
  }

  /// A node that knows the genesis block alone.
  package convenience init(
    name: String = "simulated", seed: UInt64, clock: any RPCClock,
    hasTransactionIndex: Bool = false, now: @escaping @Sendable () -> UInt32
  ) {
    self.init(
      name: name,
      state: State(
        machine: ChainMachine(seed: seed), hasTransactionIndex: hasTransactionIndex),
      clock: clock, now: now)
  }

  private init(
    name: String, state: State, clock: any RPCClock, now: @escaping @Sendable () -> UInt32
  ) {
    self.name = name
    self.state = Mutex(state)
    self.clock = clock
    self.now = now
  }

  /// Another node with the same blocks and mempool, no faults, and a miner of its own.
  package func copy(name: String, seed: UInt64) -> SimulatedBitcoinNode {
    var copied = state.withLock { $0 }
    copied.machine.random = SplitMix64(seed: seed)
    copied.faults = FaultBoard()
    return SimulatedBitcoinNode(name: name, state: copied, clock: clock, now: now)
  }

  /// The node's state as it is now, as a value.
  package var machine: ChainMachine { state.withLock { $0.machine } }

  func withState<Value: Sendable, Failure: Error>(
    _ body: (inout State, _ time: UInt32) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let time = now()
    var hasNewTip = false
    defer { if hasNewTip { waiters.wakeAll() } }
    return try state.withLock { (state) throws(Failure) -> Value in
      let tip = state.machine.tip.hash
      defer { hasNewTip = state.machine.tip.hash != tip }
      return try body(&state, state.mockTime ?? time)
    }
  }
}

// What a test or a demonstration makes happen.
extension SimulatedBitcoinNode {
  package var tip: BlockRef { state.withLock { $0.machine.tip.ref } }

  /// Mines blocks on the tip, the first with `transactions`, the others with nothing but what is
  /// left of `.all`; gives them, lowest first.
  @discardableResult
  package func mine(
    _ count: Int = 1, transactions: BlockContent = .all,
    to scriptPubKey: [UInt8] = Faucet.scriptPubKey
  ) throws(ChainSimError) -> [StoredBlock] {
    try withState { (state, time) throws(ChainSimError) in
      var blocks: [StoredBlock] = []
      for index in 0..<max(count, 0) {
        let content = index == 0 || transactions == .all ? transactions : .none
        blocks.append(try state.machine.mine(content, to: scriptPubKey, time: time))
      }
      return blocks
    }
  }

  /// Mines one block whose coinbase pays `scriptPubKey`.
  @discardableResult
  package func mineCoinbase(to scriptPubKey: [UInt8]) throws(ChainSimError) -> StoredBlock {
    try withState { (state, time) throws(ChainSimError) in
      try state.machine.mine(.all, to: scriptPubKey, time: time)
    }
  }

  /// Mines one block with exactly these transactions, parents first, whether or not the mempool
  /// has them.
  @discardableResult
  package func mine(exactly transactions: [Transaction]) throws(ChainSimError) -> StoredBlock {
    try withState { (state, time) throws(ChainSimError) in
      try state.machine.mine(exactly: transactions, time: time)
    }
  }

  /// Mines one block with exactly these transactions, even where they can't stand in the chain.
  @discardableResult
  package func mine(unchecked transactions: [Transaction]) throws(ChainSimError) -> StoredBlock {
    try withState { (state, time) throws(ChainSimError) in
      try state.machine.mine(unchecked: transactions, time: time)
    }
  }

  /// Mines a branch of `blocks` blocks that leaves the active chain `depth` below the tip, with
  /// `transactions` in its first block; with more blocks than `depth` it becomes active.
  @discardableResult
  package func fork(
    depth: UInt32, blocks: UInt32, including transactions: [Transaction] = []
  ) throws(ChainSimError) -> [StoredBlock] {
    try withState { (state, time) throws(ChainSimError) in
      try state.machine.fork(
        depth: depth, blocks: blocks, including: transactions, time: time)
    }
  }

  package func invalidate(_ hash: Hash32) throws(ChainSimError) {
    try withState { (state, time) throws(ChainSimError) in
      try state.machine.invalidate(hash, time: time)
    }
  }

  package func reconsider(_ hash: Hash32) throws(ChainSimError) {
    try withState { (state, time) throws(ChainSimError) in
      try state.machine.reconsider(hash, time: time)
    }
  }

  @discardableResult
  package func accept(_ block: Block) -> BlockAcceptance {
    withState { $0.machine.accept(block, time: $1) }
  }

  /// Takes a transaction into the mempool; gives the txids of those it replaced.
  @discardableResult
  package func accept(_ transaction: Transaction) throws(TransactionRefusal) -> [Hash32] {
    let known = KnownTransaction(transaction)
    return try withState { (state, time) throws(TransactionRefusal) in
      try state.machine.accept(known, time: time)
    }
  }

  /// Pays from the faucet into the mempool.
  @discardableResult
  package func pay(_ order: PaymentOrder) throws(ChainSimError) -> KnownTransaction {
    try withState { (state, time) throws(ChainSimError) in
      try state.machine.pay(order, time: time)
    }
  }

  /// Pays `value` satoshi from the faucet into the mempool: output 0 of the transaction.
  @discardableResult
  package func pay(
    _ scriptPubKey: [UInt8], value: UInt64, feeRate: UInt64 = 2
  ) throws(ChainSimError) -> KnownTransaction {
    try pay(
      PaymentOrder(
        outputs: [TransactionOutput(value: value, scriptPubKey: scriptPubKey)],
        feeRate: feeRate))
  }

  /// A payment that nobody is told of yet.
  package func payment(_ order: PaymentOrder) throws(ChainSimError) -> Transaction {
    try machine.payment(order)
  }

  /// A transaction that spends what `original` spends, which nobody is told of yet.
  package func conflict(
    with original: Transaction, paying outputs: [TransactionOutput]?
  ) throws(ChainSimError) -> Transaction {
    try machine.conflict(with: original, paying: outputs)
  }

  /// Replaces a mempool transaction: by one that pays `outputs`; by one that pays the same with
  /// more fee where they are nil; by one that takes everything back where they are empty.
  @discardableResult
  package func replace(
    _ txid: Hash32, paying outputs: [TransactionOutput]?, feeRate: UInt64 = 0
  ) throws(ChainSimError) -> KnownTransaction {
    try withState { (state, time) throws(ChainSimError) in
      try state.machine.replace(txid, paying: outputs, feeRate: feeRate, time: time)
    }
  }

  /// Drops a transaction and what builds on it from the mempool; gives what went.
  @discardableResult
  package func evict(_ txid: Hash32) throws(ChainSimError) -> [Hash32] {
    try withState { (state, _) throws(ChainSimError) in
      let gone = state.machine.mempool.evict(txid)
      guard !gone.isEmpty else { throw .notInMempool(txid) }
      return gone
    }
  }

  /// What a restart without a saved mempool leaves of it: nothing, and counters that start over.
  package func loseMempool() {
    withState { state, _ in state.machine.mempool = Mempool() }
  }

  /// Sets the time that blocks bear until nil gives it back to the injected clock.
  package func setTime(_ seconds: UInt32?) {
    withState { state, _ in state.mockTime = seconds }
  }

  /// Sets what `estimatesmartfee` answers, in satoshi for 1,000 virtual bytes; nil for nothing.
  package func setFeeEstimate(_ satoshi: UInt64?) {
    withState { state, _ in state.feeEstimate = satoshi }
  }

  /// Puts a fault in force, after those that are; the number takes it away again.
  @discardableResult
  package func inject(_ fault: Fault) -> UInt64 {
    withState { state, _ in state.faults.inject(fault) }
  }

  package func removeFault(_ id: UInt64) {
    withState { state, _ in state.faults.remove(id) }
  }

  package func removeAllFaults() {
    withState { state, _ in state.faults.removeAll() }
  }
}
