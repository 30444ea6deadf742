internal import Addresses
internal import Bytes
internal import Digests
internal import Ethereum

/// Makes a block: runs transactions one after another, and puts the header over what they did.
struct BlockBuilder {
  private let parent: SimulatedEthereumBlock
  private let options: EthereumChainOptions
  private var header: EthereumHeader
  private let baseFee: UInt256
  private var execution: Execution
  private var transactions: [KnownEthereumTransaction] = []
  private var outcomes: [SimulatedEthereumBlock.Outcome] = []
  private var encodedTransactions = TrieItems()
  private var encodedReceipts = TrieItems()
  /// What an OP-stack chain takes besides gas.
  private var l1Attributes: L1Attributes?
  /// How the block shall be wrong, if it shall.
  var lie: UnsoundBlock?

  init(
    on parent: SimulatedEthereumBlock, options: EthereumChainOptions,
    feeRecipient: EthereumAddress, time: UInt64, random: Hash32
  ) {
    self.parent = parent
    self.options = options
    baseFee = BaseFee.next(after: parent.header)
    header = EthereumHeader(
      number: parent.number + 1, parentHash: parent.hash, stateRoot: .zero,
      timestamp: max(time, parent.header.timestamp + 1))
    header.beneficiary = feeRecipient
    header.gasLimit = parent.header.gasLimit
    header.mixHash = random
    header.extraData = Array("chainsim".utf8)
    header.baseFeePerGas = baseFee
    execution = Execution(on: parent.state, fork: options.fork)
  }

  /// Runs a transaction and takes it in, or says why it can't stand next in this block.
  mutating func append(_ known: KnownEthereumTransaction) throws(EthereumRefusal) {
    let transaction = known.transaction
    let (gas, floor) = (
      GasSchedule.intrinsic(transaction), GasSchedule.floor(transaction)
    )
    try check(known, needing: max(gas, floor))
    let price = known.effectiveGasPrice(baseFee: baseFee)
    let sender = known.sender
    execution.begin(gas: transaction.gasLimit - gas)
    execution.debit(price.timesWord(transaction.gasLimit), from: sender)
    let highestFee = fee(of: known, gas: transaction.gasLimit)
    execution.debit(highestFee, from: sender)
    execution.setNonce(transaction.nonce + 1, of: sender)
    var trace = execution.run(transaction, from: sender)
    let gasUsed = max(transaction.gasLimit - execution.gasLeft, floor)
    execution.credit(price.timesWord(transaction.gasLimit - gasUsed), to: sender)
    execution.credit(highestFee.subtractingOrZero(fee(of: known, gas: gasUsed)), to: sender)
    // The base fee is burnt; the rest is the fee recipient's.
    execution.credit(
      price.subtractingOrZero(baseFee).timesWord(gasUsed), to: header.beneficiary)
    trace.gas = transaction.gasLimit
    trace.gasUsed = gasUsed
    header.gasUsed += gasUsed
    let receipt = EthereumReceipt(
      type: transaction.type, outcome: trace.error == nil ? .succeeded : .failed,
      cumulativeGasUsed: header.gasUsed, logs: execution.takeLogs())
    keep(known, receipt, gasUsed: gasUsed, price: price, trace: trace)
  }

  /// Keeps what a transaction did, in its place.
  private mutating func keep(
    _ known: KnownEthereumTransaction, _ receipt: EthereumReceipt, gasUsed: UInt64,
    price: UInt256, trace: CallFrame
  ) {
    header.logsBloom.formUnion(receipt.logsBloom)
    transactions.append(known)
    let isCreation = known.transaction.recipient == nil && trace.error == nil
    outcomes.append(
      SimulatedEthereumBlock.Outcome(
        receipt: receipt, gasUsed: gasUsed, effectiveGasPrice: price,
        createdContract: isCreation ? trace.to : nil, trace: trace))
    encodedTransactions.append(known.encoded)
    encodedReceipts.append { receipt.append(to: &$0) }
  }

  private func check(
    _ known: KnownEthereumTransaction, needing gas: UInt64
  ) throws(EthereumRefusal) {
    let transaction = known.transaction
    try EthereumRefusal.check(
      known, account: execution.account(known.sender), gas: gas, l1Attributes: l1Attributes,
      options: options)
    guard transaction.nonce == execution.account(known.sender).nonce else {
      throw .nonceTooHigh(
        next: execution.account(known.sender).nonce, transaction: transaction.nonce)
    }
    guard known.caps.maxFeePerGas >= baseFee else {
      throw .feeCapTooLow(cap: known.caps.maxFeePerGas, baseFee: baseFee)
    }
    guard header.gasLimit - header.gasUsed >= transaction.gasLimit else { throw .blockIsFull }
  }

  /// The block with these withdrawals behind its transactions.
  consuming func finish(_ withdrawals: [Withdrawal], beaconRoot: Hash32) -> SimulatedEthereumBlock {
    for withdrawal in withdrawals { execution.credit(withdrawal.value, to: withdrawal.recipient) }
    invent()
    let state = execution.result
    header.stateRoot = state.root
    header.transactionsRoot = TrieRoot.root(of: encodedTransactions)
    header.receiptsRoot = TrieRoot.root(of: encodedReceipts)
    header.setForkFields(options.fork, parentBeaconBlockRoot: beaconRoot)
    header.withdrawalsRoot = TrieRoot.root(of: withdrawals.map(\.rlp))
    spoil()
    return SimulatedEthereumBlock(
      header: header, transactions: transactions, outcomes: outcomes, withdrawals: withdrawals,
      state: state)
  }
}

// Blocks that shall be wrong.
extension BlockBuilder {
  /// Adds the log that nobody logged.
  private mutating func invent() {
    guard case .inventedTransfer(let contract, let recipient, let value) = lie,
      let last = outcomes.popLast()
    else { return }
    let log = EthereumLog.transfer(by: contract, from: contract, to: recipient, value)
    let old = last.receipt
    let receipt = EthereumReceipt(
      type: old.type, outcome: old.outcome, cumulativeGasUsed: old.cumulativeGasUsed,
      logs: old.logs + [log])
    header.logsBloom.insert(log)
    outcomes.append(
      SimulatedEthereumBlock.Outcome(
        receipt: receipt, gasUsed: last.gasUsed, effectiveGasPrice: last.effectiveGasPrice,
        createdContract: last.createdContract, trace: last.trace))
    encodedReceipts = TrieItems(outcomes.map(\.receipt.encoded))
  }

  private mutating func spoil() {
    let other = Keccak256.hash(header.stateRoot.bytes)
    switch lie {
    case .stateRoot: header.stateRoot = other
    case .transactionsRoot: header.transactionsRoot = other
    case .receiptsRoot: header.receiptsRoot = other
    case .withdrawalsRoot: header.withdrawalsRoot = other
    case .logsBloom: header.logsBloom = LogBloom()
    case .gasUsed: header.gasUsed -= min(header.gasUsed, 1)
    case .inventedTransfer, nil: break
    }
  }
}

// OP-stack chains.
extension BlockBuilder {
  /// Whom the chain's own deposit is from.
  private static let system = address([0xde, 0xad, 0xde, 0xad], last: 0x01)
  private static let depositGas: UInt64 = 1_000_000

  private static func address(_ start: [UInt8], last: UInt8) -> EthereumAddress {
    let bytes = start + [UInt8](repeating: 0, count: 19 - start.count) + [last]
    return EthereumAddress(Hash20(bytes: bytes.span.bytes, at: 0))
  }

  /// Puts the chain's own deposit and these in front; nobody signs or pays for them.
  mutating func appendDeposits(_ deposits: [BlockExtras.Deposit]) {
    let attributes = L1Attributes.simulated(at: header.number)
    append(
      BlockExtras.Deposit(from: Self.system, to: L1Attributes.predeploy, wei: .zero),
      input: attributes.isthmusCalldata)
    for deposit in deposits { append(deposit, input: []) }
    l1Attributes = attributes
  }

  /// What the transaction costs besides gas, were so much used. The vaults that it would go to
  /// don't stand here: it is gone, as the base fee is.
  private func fee(of known: KnownEthereumTransaction, gas: UInt64) -> UInt256 {
    l1Attributes?.fee(of: known.encoded.span.bytes, gasUsed: gas) ?? .zero
  }

  private mutating func append(_ deposit: BlockExtras.Deposit, input: [UInt8]) {
    let sender = deposit.sender
    let fields = EthereumTransaction.DepositFields(
      sourceHash: Keccak256.hash(parent.hash.bytes + [UInt8(truncatingIfNeeded: outcomes.count)]),
      sender: sender, mint: deposit.mint, isSystemTransaction: false)
    let transaction = EthereumTransaction(
      form: .deposit(fields), nonce: 0, gasLimit: Self.depositGas, recipient: deposit.recipient,
      value: deposit.wei, input: input)
    let nonce = execution.account(sender).nonce
    let gas = GasSchedule.intrinsic(transaction)
    // What is minted stays, even where the call fails.
    execution.credit(deposit.mint, to: sender)
    execution.begin(gas: Self.depositGas - gas)
    execution.setNonce(nonce + 1, of: sender)
    var trace: CallFrame
    if execution.account(sender).balance < deposit.wei {
      trace = CallFrame(
        kind: .call, from: sender, to: deposit.recipient, value: deposit.wei,
        gas: execution.gasLeft)
      trace.error = "insufficient balance for transfer"
    } else {
      trace = execution.run(transaction, from: sender)
    }
    let gasUsed = Self.depositGas - execution.gasLeft
    trace.gas = Self.depositGas
    trace.gasUsed = gasUsed
    header.gasUsed += gasUsed
    let receipt = EthereumReceipt(
      type: .deposit, outcome: trace.error == nil ? .succeeded : .failed,
      cumulativeGasUsed: header.gasUsed, logs: execution.takeLogs(),
      deposit: EthereumReceipt.DepositFields(nonce: nonce, version: 1))
    keep(
      KnownEthereumTransaction(transaction, from: sender), receipt, gasUsed: gasUsed,
      price: .zero, trace: trace)
  }
}
