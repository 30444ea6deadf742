/// Why a node doesn't take a transaction, as Bitcoin Core's `sendrawtransaction` says it.
package struct TransactionRefusal: Error, Hashable, Sendable {
  /// −25 for missing inputs, −26 for rules, −27 where it is in a block already.
  package let code: Int
  package let reason: String

  package init(code: Int, reason: String) {
    self.code = code
    self.reason = reason
  }

  static let missingInputs = TransactionRefusal(
    code: -25, reason: "bad-txns-inputs-missingorspent")
  static let alreadyInUTXOSet = TransactionRefusal(
    code: -27, reason: "Transaction outputs already in utxo set")
  static let alreadyInMempool = TransactionRefusal(code: -26, reason: "txn-already-in-mempool")

  static func rule(_ reason: String) -> TransactionRefusal {
    TransactionRefusal(code: -26, reason: reason)
  }
}
