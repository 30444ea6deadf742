internal import Addresses
internal import Bytes
internal import ChainTypes
internal import Ethereum

/// A proof of what came of an EVM chain's transaction, as a page of proofs has it.
struct ExecutionCheck: Decodable {
  let blockHash: String
  let blockHeight: UInt64
  let header: String
  let pos: UInt32
  let transactionProof: [String]
  let receiptProof: [String]
  let balances: [Balance]

  struct Balance: Decodable {
    let address: String
    let parentHeader: String
    let before: [String]
    let after: [String]
  }

  /// Throws a `CommandFailure` where it fails, and other errors where it can't be read.
  ///
  /// - Parameter gains: what earlier proofs have taken of the growth of balances
  func run(
    txid expected: String, _ outputs: [ProofCheck.Output], of contract: String?,
    to address: String, _ gains: inout ProvedGains
  ) throws {
    let recipient = try EthereumAddress(address)
    let token = try contract.map { try EthereumAddress($0) }
    let evidence = ExecutionProof(
      header: try data(header), index: pos, transactionNodes: try transactionProof.map(data),
      receiptNodes: try receiptProof.map(data),
      balances: try balances.map { balance in
        BalanceProof(
          address: try EthereumAddress(balance.address),
          parentHeader: try data(balance.parentHeader), before: try balance.before.map(data),
          after: try balance.after.map(data))
      })
    let execution: ExecutionProof.Execution
    do throws(ExecutionProof.Failure) {
      execution = try evidence.verify()
    } catch {
      throw CommandFailure(error.sentence)
    }
    guard execution.block.text(.ethereum) == blockHash else {
      throw CommandFailure("its header is that of block \(execution.block.text(.ethereum))")
    }
    guard execution.header.number == blockHeight else {
      throw CommandFailure("its block is number \(execution.header.number)")
    }
    guard execution.txid.text(.ethereum) == expected else {
      throw CommandFailure("its transaction is \(execution.txid.text(.ethereum))")
    }
    for output in outputs {
      let value = try UInt256(decimal: output.amountMinor)
      guard let position = output.position.flatMap(TransferPosition.init) else {
        throw CommandFailure("it names no place in its transaction")
      }
      let isMoved: Bool
      switch position {
      case .value:
        isMoved =
          execution.moved(value, of: token, to: recipient, at: .value)
          && gains.take(value, toldBy: .transaction, in: execution, to: recipient)
      case .log(let index):
        isMoved = execution.moved(value, of: token, to: recipient, at: .log(index))
      case .trace:
        isMoved =
          token == nil && execution.receipt.outcome == .succeeded
          && gains.take(value, toldBy: .call, in: execution, to: recipient)
      case .vout: isMoved = false
      }
      guard isMoved else {
        throw CommandFailure(
          "it doesn't show that \(output.amountMinor) came to \(address) at \(position)")
      }
    }
  }

  private func data(_ text: String) throws -> [UInt8] {
    guard text.hasPrefix("0x") else { throw CommandFailure("data without 0x: \(text.prefix(12))") }
    return try Hex.decode(String(text.dropFirst(2)))
  }
}

extension ExecutionProof.Failure {
  fileprivate var sentence: String {
    switch self {
    case .header(let error): "its header can't be read: \(error)"
    case .transaction(let error): "its branch to the transaction is wrong: \(error)"
    case .receipt(let error): "its branch to the receipt is wrong: \(error)"
    case .noTransaction: "its block has no transaction in that place"
    case .unreadable(let error): "its transaction or receipt can't be read: \(error)"
    case .balance(let address, let error): "its proof of \(address)'s balance is wrong: \(error)"
    }
  }
}
