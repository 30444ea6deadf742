internal import Bytes
internal import Ethereum
internal import JSON
internal import NodeRPC

// Blocks, transactions and receipts.
extension EthereumView {
  func blockByHash(_ arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let block = block(try arguments.hash(0))
    return answer(block, isPending: false, isWhole: try arguments.flag(1))
  }

  func blockByNumber(_ arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let wanted = try arguments.required(0)
    let isWhole = try arguments.flag(1)
    switch try find(wanted, 0) {
    case nil: return Self.null
    case .pending: return answer(pendingBlock(), isPending: true, isWhole: isWhole)
    case .block(let block):
      let isLie = wanted.string == "finalized" && faults.contains(.wrongFinalized)
      return answer(
        block, isPending: false, isWhole: isWhole, forgery: isLie ? .rehashed : nil)
    }
  }

  private func answer(
    _ block: SimulatedEthereumBlock?, isPending: Bool, isWhole: Bool,
    forgery: EthereumBlockForgery? = nil
  ) -> [UInt8] {
    guard var block, !faults.contains(.nullBlocks) else { return Self.null }
    if faults.contains(.forgedBlock(.anotherBlock)) {
      block = machine.block(block.header.parentHash) ?? block
    }
    var answer = BlockAnswer(block, isPending: isPending, hasWholeTransactions: isWhole)
    for fault in faults {
      switch fault {
      case .forgedBlock(let forgery): answer.apply(forgery)
      case .forgedTransaction(let forgery): answer.apply(forgery)
      default: break
      }
    }
    if let forgery { answer.apply(forgery) }
    return AnswerWriter.value { answer.write(to: &$0) }
  }

  func blockReceipts(_ arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let wanted = try arguments.required(0)
    guard let block = try findBlock(wanted, 0), !faults.contains(.nullReceipts) else {
      return Self.null
    }
    var answers = ReceiptAnswer.all(of: block)
    for case .forgedReceipts(let forgery) in faults { forgery.apply(to: &answers) }
    return AnswerWriter.value { writer in
      writer.array(of: answers) { $1.write(to: &$0) }
    }
  }

  func transactionReceipt(_ arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let hash = try arguments.hash(0)
    guard !faults.contains(.nullReceipts) else { return Self.null }
    var place = place(of: hash)
    if place == nil, faults.contains(.preconfirmedReceipts) {
      let next = pendingBlock()
      place = next.transactions.firstIndex { $0.hash == hash }.map { (next, $0) }
    }
    guard let (block, index) = place else { return Self.null }
    var answers = [ReceiptAnswer.all(of: block)[index]]
    for case .forgedReceipts(let forgery) in faults { forgery.apply(to: &answers) }
    guard let answer = answers.first else { return Self.null }
    return AnswerWriter.value { answer.write(to: &$0) }
  }

  func transaction(_ arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let hash = try arguments.hash(0)
    if let (block, index) = place(of: hash) {
      return answer(TransactionAnswer(block.transactions[index], in: block, at: index))
    }
    guard let known = machine.mempool[hash] else { return Self.null }
    return answer(TransactionAnswer(known, in: nil, at: 0))
  }

  /// By a number or tag, and its place in that block.
  func transaction(inBlock arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let place = try EthereumArguments.number(arguments.required(1), 1)
    guard let block = try findBlock(arguments.required(0), 0), let index = Int(exactly: place),
      block.transactions.indices.contains(index)
    else { return Self.null }
    return answer(TransactionAnswer(block.transactions[index], in: block, at: index))
  }

  private func answer(_ transaction: TransactionAnswer) -> [UInt8] {
    var answer = transaction
    for case .forgedTransaction(let forgery) in faults { forgery.apply(to: &answer) }
    return AnswerWriter.value { answer.write(to: &$0) }
  }

  func transactionCount(inBlock arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    guard let block = block(try arguments.hash(0)) else { return Self.null }
    return AnswerWriter.value { $0.quantity(UInt64(block.transactions.count)) }
  }

  /// Where a transaction stands in the chain up to the head.
  private func place(of hash: Hash32) -> (block: SimulatedEthereumBlock, index: Int)? {
    machine.place(of: hash).flatMap { $0.block.number <= head.number ? $0 : nil }
  }

  static let null = Array("null".utf8)
}
