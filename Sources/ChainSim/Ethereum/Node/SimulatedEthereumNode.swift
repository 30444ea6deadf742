package import Addresses
package import Bytes
package import ChainTypes
internal import Ethereum
package import NodeRPC
internal import Synchronization

/// An EVM-like development node: real headers, tries, receipts and signatures, a mempool, accounts
/// with money, tokens, faults on demand, and geth's JSON-RPC over it, in process (`post`) or over
/// HTTP (`ChainSimServer`).
///
/// Time is injected: `now` gives the seconds since 1970 that new blocks bear, `clock` what delays
/// go by. The same seed, times and calls give the same hashes; nodes with the same options are of
/// one chain.
package final class SimulatedEthereumNode: Sendable {
  package let name: String
  let clock: any RPCClock
  private let now: @Sendable () -> UInt64
  private let state: Mutex<State>

  struct State: Sendable {
    var machine: EthereumMachine
    var faults = FaultBoard()
  }

  /// A node that knows the genesis block alone.
  package convenience init(
    name: String = "simulated", options: EthereumChainOptions = EthereumChainOptions(),
    seed: UInt64, clock: any RPCClock, now: @escaping @Sendable () -> UInt64
  ) {
    self.init(
      name: name, state: State(machine: EthereumMachine(options: options, seed: seed)),
      clock: clock, now: now)
  }

  private init(
    name: String, state: State, clock: any RPCClock, now: @escaping @Sendable () -> UInt64
  ) {
    self.name = name
    self.state = Mutex(state)
    self.clock = clock
    self.now = now
  }

  /// Another node with the same blocks and mempool, no faults, and a block maker of its own.
  package func copy(name: String, seed: UInt64) -> SimulatedEthereumNode {
    var copied = state.withLock { $0 }
    copied.machine.random = SplitMix64(seed: seed)
    copied.faults = FaultBoard()
    return SimulatedEthereumNode(name: name, state: copied, clock: clock, now: now)
  }

  /// The node's state as it is now, as a value.
  package var machine: EthereumMachine { state.withLock { $0.machine } }

  func withState<Value: Sendable, Failure: Error>(
    _ body: (inout State, _ time: UInt64) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let time = now()
    return try state.withLock { (state) throws(Failure) -> Value in try body(&state, time) }
  }
}

// What a test or a demonstration makes happen.
extension SimulatedEthereumNode {
  package var tip: BlockRef { state.withLock { $0.machine.head.ref } }

  package var options: EthereumChainOptions { state.withLock { $0.machine.options } }

  /// Makes blocks on the head, the first with `transactions` and `extras`, the others with nothing
  /// but what is left of `.all`; gives them, lowest first.
  @discardableResult
  package func mine(
    _ count: Int = 1, transactions: BlockContent = .all, extras: BlockExtras = BlockExtras()
  ) throws(EthereumSimError) -> [SimulatedEthereumBlock] {
    try withState { (state, time) throws(EthereumSimError) in
      var blocks: [SimulatedEthereumBlock] = []
      for index in 0..<max(count, 0) {
        let content = index == 0 || transactions == .all ? transactions : .none
        blocks.append(
          try state.machine.mine(
            content, extras: index == 0 ? extras : BlockExtras(), time: time))
      }
      return blocks
    }
  }

  /// Makes one block with exactly these transactions, whether or not the mempool has them.
  @discardableResult
  package func mine(
    exactly transactions: [KnownEthereumTransaction], extras: BlockExtras = BlockExtras()
  ) throws(EthereumSimError) -> SimulatedEthereumBlock {
    try withState { (state, time) throws(EthereumSimError) in
      try state.machine.mine(exactly: transactions, extras: extras, time: time)
    }
  }

  /// Makes one block of all that waits which no node that checks everything would take.
  @discardableResult
  package func mine(
    unsound lie: UnsoundBlock, extras: BlockExtras = BlockExtras()
  ) -> SimulatedEthereumBlock {
    withState { state, time in
      state.machine.mine(unsound: lie, extras: extras, time: time)
    }
  }

  /// Makes a branch that leaves the chain `depth` below the head; where it is higher than the head
  /// it becomes the chain.
  @discardableResult
  package func fork(
    depth: UInt64, blocks: Int, including transactions: [KnownEthereumTransaction] = [],
    extras: BlockExtras = BlockExtras()
  ) throws(EthereumSimError) -> [SimulatedEthereumBlock] {
    try withState { (state, time) throws(EthereumSimError) in
      try state.machine.fork(
        depth: depth, blocks: blocks, including: transactions, extras: extras, time: time)
    }
  }

  /// Puts other blocks in place of the last `depth`, one more than before where `blocks` doesn't
  /// say, with what became of their transactions; gives the new ones.
  @discardableResult
  package func reorganize(
    depth: UInt64, blocks: Int? = nil, transactions: ReorganizedTransactions = .mined(),
    including more: [KnownEthereumTransaction] = [], extras: BlockExtras = BlockExtras()
  ) throws(EthereumSimError) -> [SimulatedEthereumBlock] {
    try withState { (state, time) throws(EthereumSimError) in
      try state.machine.reorganize(
        depth: depth, blocks: blocks, transactions: transactions, including: more,
        extras: extras, time: time)
    }
  }

  /// Takes a block that another node of the same chain has made.
  @discardableResult
  package func accept(_ block: SimulatedEthereumBlock) -> BlockAcceptance {
    withState { state, _ in state.machine.accept(block) }
  }

  /// Begins anew with all that another node of the chain has, whatever was final here: as an
  /// operator has a node do that is on a branch which nobody else is on. Faults stay.
  package func resync(from other: SimulatedEthereumNode) {
    let source = other.machine
    withState { state, _ in
      let random = state.machine.random
      state.machine = source
      state.machine.random = random
    }
  }

  /// Moves the tags by hand, beyond what the options' depths say; never back.
  package func finalize(_ number: UInt64, safe: UInt64) {
    withState { state, _ in state.machine.finalize(number, safe: safe) }
  }

  /// Takes a transaction into the mempool; gives the hash of the one it replaced.
  @discardableResult
  package func accept(_ known: KnownEthereumTransaction) throws(EthereumRefusal) -> Hash32? {
    try withState { (state, _) throws(EthereumRefusal) in try state.machine.accept(known) }
  }

  /// Makes, signs and sends a transaction of a simulated account.
  @discardableResult
  package func send(_ order: EthereumOrder) throws(EthereumRefusal) -> KnownEthereumTransaction {
    try withState { (state, _) throws(EthereumRefusal) in try state.machine.send(order) }
  }

  /// The same, told to nobody yet.
  package func transaction(_ order: EthereumOrder) -> KnownEthereumTransaction {
    machine.transaction(order)
  }

  /// Replaces a waiting transaction by one of its sender and nonce that pays more fee: one that
  /// does what `order` says, or the same where it is nil.
  @discardableResult
  package func replace(
    _ hash: Hash32, by order: EthereumOrder? = nil
  ) throws(EthereumSimError) -> KnownEthereumTransaction {
    try withState { (state, _) throws(EthereumSimError) in
      try state.machine.replace(hash, by: order)
    }
  }

  /// Drops a transaction from the mempool.
  package func drop(_ hash: Hash32) throws(EthereumSimError) {
    try withState { (state, _) throws(EthereumSimError) in
      guard state.machine.mempool.remove(hash) != nil else { throw .notInMempool(hash) }
    }
  }

  /// What a restart leaves of the mempool: nothing.
  package func loseMempool() {
    withState { state, _ in state.machine.mempool.removeAll() }
  }

  /// Puts a fault in force, after those that are; the number takes it away again.
  @discardableResult
  package func inject(_ fault: Fault) -> UInt64 {
    withState { state, _ in state.faults.inject(fault) }
  }

  @discardableResult
  package func inject(
    _ fault: EthereumFault, method: String? = nil, count: Int? = nil
  ) -> UInt64 {
    inject(Fault(.ethereum(fault), method: method, count: count))
  }

  package func removeFault(_ id: UInt64) {
    withState { state, _ in state.faults.remove(id) }
  }

  package func removeAllFaults() {
    withState { state, _ in state.faults.removeAll() }
  }
}

// Looking at the chain without the RPC.
extension SimulatedEthereumNode {
  /// Wei at the head.
  package func balance(of address: EthereumAddress) -> UInt256 {
    machine.head.state.account(address).balance
  }

  /// What a USDCoin or TetherToken says at the head, in its smallest unit.
  package func balance(of address: EthereumAddress, in token: EthereumAddress) -> UInt256 {
    machine.head.state.word(TokenSlot.balance(of: address), of: token)
  }
}
