internal import ChainTypes
internal import Database
internal import Payments
internal import Settlement

/// What an entry of the ledger comes from, as people look it up elsewhere.
struct EntryOrigin {
  private(set) var txid: String?
  private(set) var payment: String?
  private(set) var order: String?
  /// Those that an outgoing transaction pays.
  private(set) var refunds: [String] = []

  /// Of the subject of an entry: a payment, a transfer, an outgoing transaction, or income, of
  /// which no transaction is known.
  init(_ subject: String, in connection: any SQLConnection) throws {
    if subject.hasPrefix("pay_") {
      let row = try connection.queryFirst(
        "SELECT order_id FROM payments WHERE payment_id = $1", [.text(subject)])
      (payment, order) = (subject, try row?.text("order_id"))
    } else if subject.hasPrefix("out_") {
      guard let transaction = try OutgoingRecords.load(subject, locking: false, in: connection)
      else { return }
      let form = try ChainRecords.hashForm(of: transaction.chain, in: connection)
      txid = transaction.txid?.text(form)
      refunds = transaction.refunds
    } else if let transfer = TransferID(subject) {
      txid = transfer.txidText
      let row = try connection.queryFirst(
        """
        SELECT payments.payment_id, payments.order_id FROM transfers
        JOIN addresses ON addresses.family = transfers.family
          AND addresses.ordinal = transfers.ordinal
        JOIN payments ON payments.payment_id = addresses.payment_id
        WHERE transfers.chain = $1 AND transfers.txid = $2 AND transfers.position = $3
        """,
        [.text(transfer.chain.text), .hash(transfer.txid), .text("\(transfer.position)")])
      payment = try row?.text("payment_id")
      order = try row?.text("order_id")
    }
  }
}
