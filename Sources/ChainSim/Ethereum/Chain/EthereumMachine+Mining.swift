package import Addresses
package import Bytes
internal import ChainTypes
internal import Ethereum

/// What stands in a new block beside its transactions.
package struct BlockExtras: Sendable {
  /// Who gets the tips.
  package var feeRecipient: EthereumAddress
  /// To whom, in gwei.
  package var withdrawals: [(recipient: EthereumAddress, gwei: UInt64)]
  /// On an OP-stack chain, what comes from its parent chain: wei that come into being and are sent
  /// on, without any signature.
  package var deposits: [Deposit]

  package struct Deposit: Hashable, Sendable {
    package var sender: EthereumAddress
    package var recipient: EthereumAddress
    package var wei: UInt256
    /// How many come into being. Where the sender lacks what is sent on, these are its own, and the
    /// deposit stands in the block as one that failed.
    package var mint: UInt256

    /// Mints what is sent on, where nothing else is said.
    package init(
      from sender: EthereumAddress, to recipient: EthereumAddress, wei: UInt256,
      minting mint: UInt256? = nil
    ) {
      self.sender = sender
      self.recipient = recipient
      self.wei = wei
      self.mint = mint ?? wei
    }
  }

  /// An account that deposits come from, and that has nothing else.
  package static let standardDepositor = EthereumAddress(
    Hash20(bytes: [UInt8](repeating: 0xfd, count: 20).span.bytes, at: 0))

  /// An account that nobody has the key of.
  package static let standardFeeRecipient = EthereumAddress(
    Hash20(bytes: [UInt8](repeating: 0xfe, count: 20).span.bytes, at: 0))

  package init(
    feeRecipient: EthereumAddress = standardFeeRecipient,
    withdrawals: [(recipient: EthereumAddress, gwei: UInt64)] = [], deposits: [Deposit] = []
  ) {
    self.feeRecipient = feeRecipient
    self.withdrawals = withdrawals
    self.deposits = deposits
  }
}

/// What is wrong with a block that was made to be wrong: its hash is that of its header, and the
/// node that made it serves it as any other.
package enum UnsoundBlock: Hashable, Sendable {
  /// The header has another root than its content.
  case stateRoot, transactionsRoot, receiptsRoot, withdrawalsRoot
  /// The header's bloom is empty.
  case logsBloom
  /// The header says less gas than the receipts.
  case gasUsed
  /// The last transaction's receipt has a Transfer that its contract never logged. All roots fit:
  /// only those who run the block, or ask other nodes, know better.
  case inventedTransfer(contract: EthereumAddress, to: EthereumAddress, UInt256)
}

/// What becomes of the transactions in blocks that a reorganisation takes back.
package enum ReorganizedTransactions: Hashable, Sendable {
  /// They stand in the new branch's first block, but for those in `except`, which are gone.
  case mined(except: [Hash32] = [], reversed: Bool = false)
  /// They wait in the mempool.
  case pending
  /// They are gone.
  case dropped
}

extension EthereumMachine {
  /// Makes one block on the head, of those in the mempool that can stand in it. `time` is now, in
  /// seconds since 1970.
  package mutating func mine(
    _ content: BlockContent = .all, extras: BlockExtras = BlockExtras(), time: UInt64
  ) throws(EthereumSimError) -> SimulatedEthereumBlock {
    var builder = builder(on: head, extras, time: time)
    switch content {
    case .none: break
    case .all:
      // One that doesn't fit waits on, and with it all of higher nonce.
      for known in mempool.ordered { try? builder.append(known) }
    case .only(let hashes):
      let wanted = Set(hashes)
      for hash in hashes where mempool[hash] == nil { throw .notInMempool(hash) }
      for known in mempool.ordered where wanted.contains(known.hash) {
        try Self.append(known, to: &builder)
      }
    }
    let block = finish(builder, extras)
    setHead(block)
    return block
  }

  /// Makes one block on the head with exactly these transactions, whether or not the mempool has
  /// them.
  package mutating func mine(
    exactly transactions: [KnownEthereumTransaction], extras: BlockExtras = BlockExtras(),
    time: UInt64
  ) throws(EthereumSimError) -> SimulatedEthereumBlock {
    let block = try make(transactions, on: head, extras, time: time)
    setHead(block)
    return block
  }

  /// Makes one block of all that waits which no node that checks everything would take.
  package mutating func mine(
    unsound lie: UnsoundBlock, extras: BlockExtras = BlockExtras(), time: UInt64
  ) -> SimulatedEthereumBlock {
    var builder = builder(on: head, extras, time: time)
    for known in mempool.ordered { try? builder.append(known) }
    builder.lie = lie
    let block = finish(builder, extras)
    setHead(block)
    return block
  }

  /// Makes `count` blocks on the canonical block `depth` below the head, as those would who didn't
  /// see what came after, with `transactions` in the first of them. They become the chain where
  /// they are higher than the head.
  package mutating func fork(
    depth: UInt64, blocks count: Int, including transactions: [KnownEthereumTransaction] = [],
    extras: BlockExtras = BlockExtras(), time: UInt64
  ) throws(EthereumSimError) -> [SimulatedEthereumBlock] {
    let branch = try branch(
      depth: depth, blocks: count, including: transactions, extras, time: time)
    if let last = branch.last, last.number > head.number, descendsFromFinalized(last) {
      setHead(last)
    }
    return branch
  }

  /// Takes the last `depth` blocks back and makes others in their place, one more than before where
  /// `count` doesn't say; gives these. Nothing holds it back, finality neither: the tag then names
  /// another block of the same number.
  package mutating func reorganize(
    depth: UInt64, blocks count: Int? = nil,
    transactions fate: ReorganizedTransactions = .mined(),
    including more: [KnownEthereumTransaction] = [], extras: BlockExtras = BlockExtras(),
    time: UInt64
  ) throws(EthereumSimError) -> [SimulatedEthereumBlock] {
    guard depth < UInt64(canonical.count) else {
      throw .forkTooDeep(depth: depth, number: head.number)
    }
    var included: [KnownEthereumTransaction] = []
    var dropped: Set<Hash32> = []
    let old = canonical.suffix(Int(depth)).flatMap(\.transactions)
      .filter { $0.transaction.type != .deposit }
    switch fate {
    case .mined(let except, let reversed):
      dropped = Set(except)
      included = old.filter { !dropped.contains($0.hash) }
      if reversed { included.reverse() }
    case .pending: break
    case .dropped: dropped = Set(old.map(\.hash))
    }
    let branch = try branch(
      depth: depth, blocks: max(count ?? Int(depth) + 1, 1), including: more + included, extras,
      time: time)
    if let last = branch.last { setHead(last, dropping: dropped) }
    return branch
  }

  private mutating func branch(
    depth: UInt64, blocks count: Int, including transactions: [KnownEthereumTransaction],
    _ extras: BlockExtras, time: UInt64
  ) throws(EthereumSimError) -> [SimulatedEthereumBlock] {
    guard depth <= head.number, var parent = block(at: head.number - depth) else {
      throw .forkTooDeep(depth: depth, number: head.number)
    }
    var branch: [SimulatedEthereumBlock] = []
    for index in 0..<max(count, 0) {
      let block = try make(
        index == 0 ? transactions : [], on: parent, index == 0 ? extras : BlockExtras(),
        time: time)
      branch.append(block)
      parent = block
    }
    return branch
  }

  private mutating func make(
    _ transactions: [KnownEthereumTransaction], on parent: SimulatedEthereumBlock,
    _ extras: BlockExtras, time: UInt64
  ) throws(EthereumSimError) -> SimulatedEthereumBlock {
    var builder = builder(on: parent, extras, time: time)
    // An account's transactions can stand in the order of their nonces alone.
    for known in Self.byNonce(transactions) { try Self.append(known, to: &builder) }
    return finish(builder, extras)
  }

  private static func append(
    _ known: KnownEthereumTransaction, to builder: inout BlockBuilder
  ) throws(EthereumSimError) {
    do throws(EthereumRefusal) {
      try builder.append(known)
    } catch {
      throw .refused(known.hash, error)
    }
  }

  /// The same transactions, of which each account's have its places in the order of their nonces.
  private static func byNonce(
    _ transactions: [KnownEthereumTransaction]
  ) -> [KnownEthereumTransaction] {
    var queues: [EthereumAddress: [KnownEthereumTransaction]] = [:]
    for known in transactions { queues[known.sender, default: []].append(known) }
    // Last first, to be taken from the end.
    for sender in queues.keys {
      queues[sender]?.sort { $0.transaction.nonce > $1.transaction.nonce }
    }
    return transactions.compactMap { queues[$0.sender]?.popLast() }
  }

  private mutating func builder(
    on parent: SimulatedEthereumBlock, _ extras: BlockExtras, time: UInt64
  ) -> BlockBuilder {
    // The random value keeps two nodes' blocks, and two of one parent, apart.
    var builder = BlockBuilder(
      on: parent, options: options, feeRecipient: extras.feeRecipient, time: time,
      random: randomHash())
    if options.profile == .opStack { builder.appendDeposits(extras.deposits) }
    return builder
  }

  private mutating func finish(
    _ builder: BlockBuilder, _ extras: BlockExtras
  ) -> SimulatedEthereumBlock {
    var withdrawals: [Withdrawal] = []
    for withdrawal in extras.withdrawals {
      withdrawals.append(
        Withdrawal(
          index: nextWithdrawalIndex, validatorIndex: nextWithdrawalIndex % 1_000,
          recipient: withdrawal.recipient, gwei: withdrawal.gwei))
      nextWithdrawalIndex += 1
    }
    let block = builder.finish(withdrawals, beaconRoot: randomHash())
    store(block)
    return block
  }

  private mutating func randomHash() -> Hash32 {
    var bytes: [UInt8] = []
    for _ in 0..<4 { bytes.append(bigEndian: random.next()) }
    return Hash32(bytes: bytes.span.bytes, at: 0)
  }
}
