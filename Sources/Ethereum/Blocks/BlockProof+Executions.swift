// What others need who weren't there.
extension BlockProof {
  /// Of each of the block's transactions at `indices`, that it stands there and what came of it; of
  /// none where the block's transactions or receipts aren't proved.
  package func executions(of indices: Set<Int>) -> [Int: ExecutionProof] {
    guard let transactionsTrie, let receiptsTrie else { return [:] }
    let outcomes = receiptsTrie.branches(to: indices)
    let header = header.rlp
    var proofs: [Int: ExecutionProof] = [:]
    for (index, nodes) in transactionsTrie.branches(to: indices) {
      guard let outcome = outcomes[index], let place = UInt32(exactly: index) else { continue }
      proofs[index] = ExecutionProof(
        header: header, index: place, transactionNodes: nodes, receiptNodes: outcome)
    }
    return proofs
  }
}
