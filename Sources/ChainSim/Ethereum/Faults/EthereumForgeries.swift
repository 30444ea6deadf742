internal import Addresses
internal import Bytes
internal import Digests
internal import Ethereum

extension BlockAnswer {
  mutating func apply(_ forgery: EthereumBlockForgery) {
    let other = Keccak256.hash(header.stateRoot.bytes)
    switch forgery {
    // The caller has put it in the block's place.
    case .anotherBlock: break
    case .stateRoot: header.stateRoot = other
    case .transactionsRoot: header.transactionsRoot = other
    case .receiptsRoot: header.receiptsRoot = other
    case .withdrawalsRoot: header.withdrawalsRoot = other
    case .parentHash: header.parentHash = other
    case .logsBloom: header.logsBloom.insert(other)
    case .timestamp: header.timestamp += 1
    case .rehashed:
      header.extraData = Array("elsewhere".utf8)
      hash = header.hash
    case .unknownMember:
      hasUnknownMember = true
      header.mixHash = other
    case .missingTransaction:
      if transactions.count > 1 {
        transactions.removeLast()
      } else {
        transactions += transactions
      }
    case .hashesOnly: hasWholeTransactions = false
    case .withdrawal:
      guard let last = withdrawals.popLast() else { return }
      withdrawals.append(
        Withdrawal(
          index: last.index, validatorIndex: last.validatorIndex, recipient: last.recipient,
          gwei: last.gwei ^ 1))
    }
  }

  mutating func apply(_ forgery: TransactionForgery) {
    guard !transactions.isEmpty else { return }
    forgery.apply(to: &transactions[transactions.count - 1])
  }
}

extension TransactionForgery {
  func apply(to answer: inout TransactionAnswer) {
    switch self {
    case .recipient(let recipient): answer.transaction.recipient = recipient
    case .value(let value): answer.transaction.value = value
    case .input(let input): answer.transaction.input = input
    case .sender(let sender): answer.sender = sender
    case .unknownType: answer.type = 0x7f
    }
  }
}

extension ReceiptForgery {
  func apply(to answers: inout [ReceiptAnswer]) {
    guard var last = answers.popLast() else { return }
    switch self {
    case .empty:
      answers = []
      return
    case .missing: return
    case .extra: answers.append(last)
    case .status:
      last.receipt.outcome = last.receipt.outcome == .succeeded ? .failed : .succeeded
    case .bloom: last.receipt.logsBloom.insert(last.transactionHash)
    case .gas: last.receipt.cumulativeGasUsed += 1
    case .blockHash:
      last.place = TransactionAnswer.Place(
        blockHash: Keccak256.hash(last.place.blockHash.bytes), number: last.place.number,
        timestamp: last.place.timestamp, index: last.place.index)
    case .unknownType: last.type = 0x7f
    case .addedTransfer(let contract, let recipient, let value):
      last.append(.transfer(by: contract, from: last.sender, to: recipient, value))
    case .reversed:
      answers.append(last)
      answers.reverse()
      return
    case .logRecipient, .logValue, .missingLog:
      answers.append(last)
      changeLastLog(of: &answers)
      return
    }
    answers.append(last)
  }

  private func changeLastLog(of answers: inout [ReceiptAnswer]) {
    guard let place = answers.lastIndex(where: { !$0.receipt.logs.isEmpty }),
      let log = answers[place].receipt.logs.popLast()
    else { return }
    var (topics, data) = (log.topics, log.data)
    switch self {
    case .logRecipient(let recipient): if topics.count > 2 { topics[2] = recipient.paddedWord }
    case .logValue(let value): data = value.bigEndianBytes
    default: return
    }
    answers[place].append(EthereumLog(address: log.address, topics: topics, data: data))
  }
}

extension ReceiptAnswer {
  /// Adds a log, with the bloom that goes with it.
  fileprivate mutating func append(_ log: EthereumLog) {
    receipt.logs.append(log)
    receipt.logsBloom.insert(log)
  }
}

extension LogForgery {
  func apply(to answers: inout [LogAnswer]) {
    switch self {
    case .only(let number): answers.removeAll { $0.place.number < number }
    case .removed: for index in answers.indices { answers[index].isRemoved = true }
    case .addedTransfer(let contract, let recipient, let value):
      guard var last = answers.last else { return }
      last.log = .transfer(by: contract, from: contract, to: recipient, value)
      last.index += 1
      answers.append(last)
    case .misplaced:
      for index in answers.indices {
        answers[index].index += 1_000
        answers[index].transactionHash = Keccak256.hash(answers[index].transactionHash.bytes)
      }
    }
  }
}

extension TraceForgery {
  /// Changes a block's traces, each of which goes with its transaction's hash.
  func apply(to traces: inout [(hash: Hash32, frame: CallFrame)]) {
    switch self {
    case .phantom(let recipient, let value):
      guard var last = traces.popLast() else { return }
      last.frame.calls.append(
        CallFrame(
          kind: .call, from: last.frame.to ?? .zero, to: recipient, value: value, gas: 0))
      traces.append(last)
    case .withoutCalls: for index in traces.indices { traces[index].frame.calls = [] }
    case .withoutErrors: for index in traces.indices { Self.clear(&traces[index].frame) }
    case .doubled: for index in traces.indices { Self.double(&traces[index].frame.calls) }
    case .missing: _ = traces.popLast()
    case .renumbered:
      for index in traces.indices { Self.renumber(&traces[index].frame) }
    case .split(let parts):
      for index in traces.indices { Self.split(&traces[index].frame, into: max(parts, 1)) }
    }
  }

  private static func clear(_ frame: inout CallFrame) {
    frame.error = nil
    frame.revertReason = nil
    for index in frame.calls.indices { clear(&frame.calls[index]) }
  }

  private static func renumber(_ frame: inout CallFrame) {
    frame.calls = frame.calls.flatMap { call -> [CallFrame] in
      var failed = call
      failed.calls = []
      failed.error = "insufficient balance for transfer"
      return [failed, call]
    }
  }

  private static func split(_ frame: inout CallFrame, into parts: Int) {
    frame.calls = frame.calls.flatMap { call -> [CallFrame] in
      guard let value = call.value?.asUInt64, value >= UInt64(parts) else { return [call] }
      return (0..<UInt64(parts)).map { part in
        var piece = call
        let share = value / UInt64(parts)
        piece.value = UInt256(part == 0 ? value - share * UInt64(parts - 1) : share)
        return piece
      }
    }
  }

  private static func double(_ frames: inout [CallFrame]) {
    for index in frames.indices {
      frames[index].value = frames[index].value?.timesWord(2)
      double(&frames[index].calls)
    }
  }
}
