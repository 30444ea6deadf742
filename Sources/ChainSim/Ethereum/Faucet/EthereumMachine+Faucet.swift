package import Bytes
internal import Ethereum

// Paying from the simulated accounts.
extension EthereumMachine {
  /// More than any function of the built-in contracts uses.
  private static let contractGas: UInt64 = 1_000_000

  /// Makes and signs a transaction without telling anyone.
  package func transaction(_ order: EthereumOrder) -> KnownEthereumTransaction {
    let account = SimulatedAccount.account(order.account)
    let baseFee = BaseFee.next(after: head.header)
    let form: EthereumTransaction.Form =
      switch order.fees {
      case .dynamic(let tip):
        .dynamicFee(
          chainID: options.chainID,
          EthereumTransaction.FeeCaps(
            maxPriorityFeePerGas: tip,
            maxFeePerGas: baseFee.timesWord(2).addingReportingOverflow(tip).sum), [])
      case .capped(let caps): .dynamicFee(chainID: options.chainID, caps, [])
      case .legacy(let price): .legacy(gasPrice: price, chainID: options.chainID)
      case .accessList(let price): .accessList(chainID: options.chainID, gasPrice: price, [])
      }
    var transaction = EthereumTransaction(
      form: form, nonce: order.nonce ?? nextNonce(of: account.address), gasLimit: 0,
      recipient: order.recipient, value: order.wei, input: order.input)
    transaction.gasLimit =
      order.gasLimit
      ?? max(GasSchedule.intrinsic(transaction), GasSchedule.floor(transaction))
      + gasToRun(transaction)
    return KnownEthereumTransaction(
      transaction.signed(by: account.key), from: account.address)
  }

  /// Exactly, where it runs no code.
  private func gasToRun(_ transaction: EthereumTransaction) -> UInt64 {
    guard let recipient = transaction.recipient else { return Self.contractGas }
    let account = head.state.account(recipient)
    guard account.codeHash == AccountState.emptyCodeHash else { return Self.contractGas }
    guard account == .absent, transaction.value > .zero else { return 0 }
    return GasSchedule.newAccount(options.fork, inCall: false)
  }

  /// Makes a transaction and takes it into the mempool.
  package mutating func send(
    _ order: EthereumOrder
  ) throws(EthereumRefusal) -> KnownEthereumTransaction {
    let known = transaction(order)
    try accept(known)
    return known
  }

  /// Replaces a transaction that waits by another of its sender and nonce, with half as much again
  /// of its fees; gives the one that stands there now.
  ///
  /// - Parameter order: what it does instead; nil the same
  package mutating func replace(
    _ hash: Hash32, by order: EthereumOrder?
  ) throws(EthereumSimError) -> KnownEthereumTransaction {
    guard let original = mempool[hash] else { throw .notInMempool(hash) }
    guard let account = account(signing: original) else { throw .unknownKey(hash) }
    func raised(_ wei: UInt256) -> UInt256 {
      wei.timesWord(3).shiftedRight(by: 1).addingReportingOverflow(.one).sum
    }
    let old = original.transaction
    var new = order ?? EthereumOrder(to: old.recipient, wei: old.value, input: old.input)
    new.account = account
    new.nonce = old.nonce
    new.fees = .capped(
      EthereumTransaction.FeeCaps(
        maxPriorityFeePerGas: raised(original.caps.maxPriorityFeePerGas),
        maxFeePerGas: raised(original.caps.maxFeePerGas)))
    let known = transaction(new)
    do {
      try accept(known)
    } catch {
      throw .refused(known.hash, error)
    }
    return known
  }

  private func account(signing known: KnownEthereumTransaction) -> Int? {
    (0..<options.accountCount).first { SimulatedAccount.account($0).address == known.sender }
  }
}
