package import Bytes

/// What the traces of a block say, held against the block.
package struct InnerTransfers: Hashable, Sendable {
  /// With `.trace` positions. They are as likely as the node is honest, until balances confirm
  /// them.
  package let transfers: [EthereumTransfer]
  /// The transactions that succeeded and whose trace doesn't say everything.
  package let incomplete: [Int]
}

extension BlockProof {
  /// The movements of ether inside calls, from or to watched accounts, that a node's traces of this
  /// block tell: of transactions that the proved receipts say succeeded.
  ///
  /// - Parameter answer: the `result` of `debug_traceBlockByHash` with the call tracer
  package func innerTransfers<Watching: AddressWatching>(
    traces answer: RawSpan, watching: Watching
  ) throws(CallTraceError) -> InnerTransfers {
    let traces: [CallTrace]
    do {
      traces = try CallTrace.all(in: answer, watching: watching)
    } catch {
      throw .answer(error)
    }
    guard traces.count == transactionCount else {
      throw .count(traces.count, transactions: transactionCount)
    }
    var transfers: [EthereumTransfer] = []
    var incomplete: [Int] = []
    for (index, trace) in traces.enumerated() {
      let txid = transactionHash(at: index)
      if let claimed = trace.transactionHash, claimed != txid {
        throw .transactionHash(index: index, expected: txid, found: claimed)
      }
      // What failed moved nothing, whatever the trace says: of deposits that couldn't begin op-geth
      // shows no error.
      guard try hasSucceeded(at: index) else { continue }
      if trace.isComplete, trace.isReverted { throw .outcome(index: index) }
      if !trace.isComplete { incomplete.append(index) }
      for movement in trace.movements {
        transfers.append(
          EthereumTransfer(
            txid: txid, transactionIndex: index, position: .trace(movement.path), contract: nil,
            from: movement.from, to: movement.to, value: movement.value))
      }
    }
    return InnerTransfers(transfers: transfers, incomplete: incomplete)
  }

  private func hasSucceeded(at index: Int) throws(CallTraceError) -> Bool {
    guard let receipts else { throw .receiptsUnproved }
    do {
      let bytes = receipts.bytes.span.bytes
      return try ReceiptWalk(bytes.extracting(receipts.range(of: index))).outcome == .succeeded
    } catch {
      throw .receiptsUnproved
    }
  }
}

/// Why a block's traces can't be used.
package enum CallTraceError: Error, Hashable, Sendable {
  case answer(AnswerError)
  /// A trace for each transaction there must be.
  case count(Int, transactions: Int)
  case transactionHash(index: Int, expected: Hash32, found: Hash32)
  /// The trace says that a transaction was undone which the receipt says wasn't.
  case outcome(index: Int)
  /// Traces are read against proved receipts alone.
  case receiptsUnproved
}
