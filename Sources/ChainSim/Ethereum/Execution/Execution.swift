internal import Addresses
internal import Bytes
internal import Digests
internal import Ethereum

/// Runs calls on a state: moves ether, runs the built-in contracts, keeps logs and call frames, and
/// undoes what fails.
///
/// One is used for a whole block, transaction after transaction.
struct Execution {
  private let base: EthereumState
  private(set) var changes = EthereumState.Changes()
  /// Of the transaction that runs.
  private(set) var logs: [EthereumLog] = []
  private(set) var gasLeft: UInt64 = 0
  /// The calls that are running, the transaction's own first.
  private var frames: [CallFrame] = []
  private var journal: [Undo] = []
  private let fork: EthereumChainOptions.Fork

  private enum Undo {
    case account(EthereumAddress, AccountState?)
    case word(EthereumState.Slot, UInt256?)
  }

  /// Deeper calls fail (yellow paper, section 9.4.1).
  private static let maximumDepth = 1_024

  init(on state: EthereumState, fork: EthereumChainOptions.Fork) {
    base = state
    self.fork = fork
  }

  /// The state with all that was done.
  var result: EthereumState {
    var state = base
    state.apply(changes)
    return state
  }

  /// Makes ready for a transaction.
  mutating func begin(gas: UInt64) {
    logs = []
    frames = []
    journal = []
    gasLeft = gas
  }

  /// What the transaction logged, handed over.
  func takeLogs() -> [EthereumLog] { logs }
}

// Accounts.
extension Execution {
  func account(_ address: EthereumAddress) -> AccountState {
    changes.accounts[address] ?? base.account(address)
  }

  private mutating func set(
    _ address: EthereumAddress, nonce: UInt64? = nil, balance: UInt256? = nil,
    codeHash: Hash32? = nil
  ) {
    let old = account(address)
    journal.append(.account(address, changes.accounts[address]))
    changes.accounts[address] = AccountState(
      nonce: nonce ?? old.nonce, balance: balance ?? old.balance, storageRoot: old.storageRoot,
      codeHash: codeHash ?? old.codeHash)
  }

  mutating func setNonce(_ nonce: UInt64, of address: EthereumAddress) {
    set(address, nonce: nonce)
  }

  /// All ether there is fits 256 bits many times over, so a sum never overflows.
  mutating func credit(_ wei: UInt256, to address: EthereumAddress) {
    guard wei > .zero else { return }
    set(address, balance: account(address).balance.addingReportingOverflow(wei).sum)
  }

  /// Takes ether that the caller has checked to be there.
  mutating func debit(_ wei: UInt256, from address: EthereumAddress) {
    guard wei > .zero else { return }
    set(address, balance: account(address).balance.subtractingOrZero(wei))
  }

  mutating func setCode(_ code: [UInt8], of address: EthereumAddress) {
    guard !code.isEmpty else { return }
    let hash = Keccak256.hash(code)
    changes.codes[hash] = code
    set(address, codeHash: hash)
  }

  func code(of address: EthereumAddress) -> [UInt8] {
    let hash = account(address).codeHash
    guard hash != AccountState.emptyCodeHash else { return [] }
    return changes.codes[hash] ?? base.code(hash)
  }

  private mutating func move(
    _ wei: UInt256, from sender: EthereumAddress, to recipient: EthereumAddress
  ) {
    guard wei > .zero, sender != recipient else { return }
    debit(wei, from: sender)
    credit(wei, to: recipient)
    // EIP-7708.
    if fork == .amsterdam {
      logs.append(.transfer(by: TokenTransfer.systemAddress, from: sender, to: recipient, wei))
    }
  }
}

// What contracts do.
extension Execution {
  mutating func charge(_ gas: UInt64) throws(Halt) {
    guard gasLeft >= gas else {
      gasLeft = 0
      throw .outOfGas
    }
    gasLeft -= gas
  }

  mutating func read(_ key: Hash32, of contract: EthereumAddress) throws(Halt) -> UInt256 {
    try charge(GasSchedule.read)
    return word(key, of: contract)
  }

  private func word(_ key: Hash32, of contract: EthereumAddress) -> UInt256 {
    changes.words[EthereumState.Slot(contract: contract, key: key)]
      ?? base.word(key, of: contract)
  }

  mutating func write(
    _ word: UInt256, at key: Hash32, of contract: EthereumAddress
  ) throws(Halt) {
    let old = self.word(key, of: contract)
    try charge(old == .zero && word != .zero ? GasSchedule.writeNew : GasSchedule.write)
    store(word, at: key, of: contract)
  }

  /// Writes without gas, as only a genesis block does.
  mutating func store(_ word: UInt256, at key: Hash32, of contract: EthereumAddress) {
    let slot = EthereumState.Slot(contract: contract, key: key)
    journal.append(.word(slot, changes.words[slot]))
    changes.words[slot] = word
  }

  mutating func emit(_ log: EthereumLog) throws(Halt) {
    try charge(GasSchedule.log(topics: log.topics.count, bytes: log.data.count))
    logs.append(log)
  }

  /// Sends all that a contract has to `heir`. Since EIP-6780 the contract itself stays.
  mutating func selfDestruct(_ contract: EthereumAddress, to heir: EthereumAddress) throws(Halt) {
    try charge(GasSchedule.selfDestruct)
    let balance = account(contract).balance
    frames[frames.count - 1].calls.append(
      CallFrame(kind: .selfDestruct, from: contract, to: heir, value: balance, gas: 0))
    move(balance, from: contract, to: heir)
  }
}

// Calls.
extension Execution {
  /// Runs a transaction's own call, after its nonce and its fee were taken; gives the whole trace.
  mutating func run(
    _ transaction: EthereumTransaction, from sender: EthereumAddress
  ) -> CallFrame {
    guard let recipient = transaction.recipient else {
      return create(transaction, by: sender)
    }
    var frame = CallFrame(
      kind: .call, from: sender, to: recipient, value: transaction.value, gas: gasLeft,
      input: transaction.input)
    if transaction.value > .zero, account(recipient) == .absent {
      // Too little gas for it isn't refused: the transaction stands in the block, without effect.
      do throws(Halt) {
        try charge(GasSchedule.newAccount(fork, inCall: false))
      } catch {
        frame.error = error.error
        frame.gasUsed = frame.gas - gasLeft
        return frame
      }
    }
    return perform(frame)
  }

  /// Has a contract call another account; gives whether that succeeded, and what it returned.
  @discardableResult
  mutating func call(
    _ kind: CallFrame.Kind, from caller: ContractContext, to recipient: EthereumAddress,
    value: UInt256, input: [UInt8] = []
  ) throws(Halt) -> (succeeded: Bool, output: [UInt8]) {
    var cost = GasSchedule.call
    if kind == .call, value > .zero {
      cost += GasSchedule.callWithValue
      if account(recipient) == .absent { cost += GasSchedule.newAccount(fork, inCall: true) }
    }
    try charge(cost)
    var frame = CallFrame(
      kind: kind, from: caller.contract, to: recipient, value: value, gas: gasLeft, input: input)
    let isTooDeep = frames.count >= Self.maximumDepth
    if isTooDeep {
      frame.error = "max call depth exceeded"
    } else if kind != .delegateCall, account(caller.contract).balance < value {
      frame.error = "insufficient balance for transfer"
    } else {
      frame = perform(frame, for: caller)
    }
    frames[frames.count - 1].calls.append(frame)
    return (frame.error == nil, frame.output)
  }

  /// Runs one frame: with the caller's storage and value where the code alone is the callee's.
  private mutating func perform(_ start: CallFrame, for caller: ContractContext? = nil) -> CallFrame
  {
    guard let recipient = start.to, let value = start.value else { return start }
    let (undoMark, logMark) = (journal.count, logs.count)
    frames.append(start)
    if start.kind == .call { move(value, from: start.from, to: recipient) }
    var halt: Halt?
    var output: [UInt8] = []
    if let contract = BuiltInContract(code: code(of: recipient)) {
      var call = ContractContext(
        contract: recipient, sender: start.from, value: value, input: start.input)
      if let caller, start.kind == .delegateCall {
        call = ContractContext(
          contract: caller.contract, sender: caller.sender, value: value, input: start.input)
      } else if let caller, start.kind == .callCode {
        call = ContractContext(
          contract: caller.contract, sender: caller.contract, value: value, input: start.input)
      }
      do throws(Halt) {
        output = try contract.run(call, on: &self)
      } catch {
        halt = error
      }
    }
    var frame = frames.removeLast()
    frame.gasUsed = start.gas - gasLeft
    frame.output = output
    if let halt {
      undo(to: undoMark)
      logs.removeSubrange(logMark...)
      frame.error = halt.error
      frame.revertReason = halt.reason
      frame.output = halt.reason.map { ABI.revert(reason: $0) } ?? []
    }
    return frame
  }

  /// The input becomes the new contract's code as it stands: there is no code that makes code here.
  private mutating func create(
    _ transaction: EthereumTransaction, by sender: EthereumAddress
  ) -> CallFrame {
    let address = EthereumTransaction.contractAddress(
      createdBy: sender, nonce: transaction.nonce)
    var frame = CallFrame(
      kind: .create, from: sender, to: address, value: transaction.value, gas: gasLeft,
      input: transaction.input)
    do throws(Halt) {
      try charge(GasSchedule.codeByte * UInt64(transaction.input.count))
      setNonce(1, of: address)
      move(transaction.value, from: sender, to: address)
      setCode(transaction.input, of: address)
      frame.output = transaction.input
    } catch {
      frame.error = error.error
      frame.to = nil
    }
    frame.gasUsed = frame.gas - gasLeft
    return frame
  }

  private mutating func undo(to mark: Int) {
    while journal.count > mark {
      switch journal.removeLast() {
      case .account(let address, let old): changes.accounts[address] = old
      case .word(let slot, let old): changes.words[slot] = old
      }
    }
  }
}

extension EthereumLog {
  /// An ERC-20 `Transfer`.
  static func transfer(
    by contract: EthereumAddress, from sender: EthereumAddress, to recipient: EthereumAddress,
    _ value: UInt256
  ) -> EthereumLog {
    EthereumLog(
      address: contract,
      topics: [TokenTransfer.topic, sender.paddedWord, recipient.paddedWord],
      data: value.bigEndianBytes)
  }
}
