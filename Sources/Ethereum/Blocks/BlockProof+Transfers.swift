internal import Addresses
internal import Bytes

// What the proved block moved. Bench: `EVM block of 202 transactions and 463 logs, proved and
// matched`.
extension BlockProof {
  /// The transfers from or to watched accounts: of the chain's coin by the transactions themselves,
  /// and of whatever token by logs. In the block's order, a transaction's own value before its
  /// logs.
  ///
  /// Empty where the receipts aren't proved: then nothing tells what succeeded. Where only the
  /// transactions aren't, tokens are found, and their txids are the node's word. A value that
  /// didn't move because its transaction failed is among them, marked so.
  package func transfers<Watching: AddressWatching>(
    watching: Watching
  ) throws(BlockProofError) -> [EthereumTransfer] {
    guard let receipts else { return [] }
    let topic = TokenTransfer.topic
    var found: [EthereumTransfer] = []
    for index in 0..<receipts.count {
      do {
        let bytes = receipts.bytes.span.bytes.extracting(receipts.range(of: index))
        var walk = try ReceiptWalk(bytes)
        var txid: Hash32?
        let hasFailed = walk.outcome == .failed
        if hasFailed || walk.outcome == .succeeded,
          let value = try valueTransfer(at: index, hasFailed: hasFailed, watching: watching)
        {
          txid = value.txid
          found.append(value)
        }
        // What failed has moved nothing, and consensus leaves it no logs.
        guard walk.outcome != .failed else { continue }
        var position: UInt32 = 0
        while !walk.logs.isAtEnd {
          let transfer = try TokenTransfer.read(&walk.logs, topic: topic)
          defer { position += 1 }
          guard let transfer, watching.watches(transfer.to) || watching.watches(transfer.from)
          else { continue }
          let id = txid ?? transactionHash(at: index)
          txid = id
          found.append(
            EthereumTransfer(
              txid: id, transactionIndex: index, position: .log(position),
              contract: transfer.contract, from: transfer.from, to: transfer.to,
              value: transfer.value))
        }
      } catch let error as BlockProofError {
        throw error
      } catch let error as EthereumError {
        throw .answer(error)
      } catch let error as RLPError {
        throw .answer(.rlp(error))
      } catch {
        throw .answer(.invalid(.status))
      }
    }
    return found
  }

  /// The movement of a transaction's own value, where one of its ends is watched. Its recipient and
  /// value are proved, and its sender is the signature's; whom the node names is only a reason to
  /// look.
  ///
  /// The caller tells by the receipt whether the transaction failed.
  private func valueTransfer<Watching: AddressWatching>(
    at index: Int, hasFailed: Bool, watching: Watching
  ) throws(BlockProofError) -> EthereumTransfer? {
    guard let transactions else { return nil }
    let claimed = claimedSender(at: index)
    let recipient: EthereumAddress?
    do {
      let bytes = transactions.bytes.span.bytes.extracting(transactions.range(of: index))
      recipient = try TransactionWalk.recipient(of: bytes)
    } catch {
      throw .answer(error)
    }
    // Without a recipient a contract is created: its account isn't anybody's before.
    guard let recipient,
      watching.watches(recipient) || claimed.map(watching.watches) == true,
      let transaction = try transaction(at: index), transaction.value > .zero
    else { return nil }
    // The signature decides, whoever the node names.
    guard let sender = transaction.sender else { throw .sender(transaction: index) }
    guard sender != recipient else { return nil }
    return EthereumTransfer(
      txid: transactionHash(at: index), transactionIndex: index, position: .value, contract: nil,
      from: sender, to: recipient, value: transaction.value, hasFailed: hasFailed)
  }
}
