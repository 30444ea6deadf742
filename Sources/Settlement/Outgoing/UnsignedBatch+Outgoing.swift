internal import Addresses
internal import Bitcoin
internal import Bytes
package import ChainTypes
package import Database
internal import Ethereum
internal import Keys
package import Payments
package import Payouts

extension UnsignedBatch {
  /// The file for the signer: these transactions of one chain and tenant, with what they pay and on
  /// whose word.
  package init(
    _ transactions: [OutgoingTransaction], spec: ChainSpec, tenant: String, now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    self.init(
      heading: BatchHeading(
        chain: spec.name, chainID: spec.family.chainID, tenant: tenant, createdAt: now),
      transactions: try transactions.map { transaction in
        guard let id = Identifier(transaction.id, prefix: "out"),
          let purpose = UnsignedTransaction.Purpose(rawValue: transaction.purpose.rawValue)
        else { throw CorruptRow.column("outgoing_id") }
        return UnsignedTransaction(
          id: id, replaces: transaction.replaces.flatMap { Identifier($0, prefix: "out") },
          purpose: purpose, body: try Self.body(of: transaction, spec),
          paymentsOut: try Self.payments(of: transaction, spec, in: connection))
      })
  }

  private static func body(
    of transaction: OutgoingTransaction, _ spec: ChainSpec
  ) throws -> UnsignedTransaction.Body {
    guard case .ethereum = spec.family else {
      return .bitcoin(psbt: try PSBT(base64: transaction.unsigned).bytes)
    }
    let unsigned = try EthereumTransaction(
      unsigned: Hex.decode(transaction.unsigned.dropFirst(2)))
    guard case .nonce(let account, let nonce)? = transaction.slots.first,
      case .dynamicFee(_, let caps, _) = unsigned.form, let recipient = unsigned.recipient,
      let path = transaction.keyPath.flatMap({ try? DerivationPath($0) })
    else { throw CorruptRow.column("unsigned") }
    return .ethereum(
      EthereumOffer(
        from: EthereumAddress(account), path: path, nonce: nonce, to: recipient,
        value: unsigned.value, data: unsigned.input, gas: unsigned.gasLimit, caps: caps))
  }

  /// What it pays, without change: on Bitcoin what comes back to us the signer finds by itself.
  private static func payments(
    of transaction: OutgoingTransaction, _ spec: ChainSpec, in connection: any SQLConnection
  ) throws -> [PaymentOut] {
    var payments: [PaymentOut] = []
    var payouts = transaction.payouts
    if case .bitcoin = spec.family { payouts = transaction.leaving }
    for payout in payouts {
      let listed = payout.contract.map(spec.token) ?? spec.coin
      payments.append(
        PaymentOut(
          refund: try payout.refund.map { try refund($0, in: connection) },
          address: payout.address, asset: listed?.asset.symbol ?? "",
          contract: payout.contract, amount: payout.amount,
          path: payout.refund == nil
            ? try ownPath(of: payout.address, spec, in: connection) : nil))
    }
    return payments
  }

  /// Where an EVM account of ours comes from; nil where it isn't ours.
  private static func ownPath(
    of address: String, _ spec: ChainSpec, in connection: any SQLConnection
  ) throws -> DerivationPath? {
    guard case .ethereum = spec.family else { return nil }
    let row = try connection.queryFirst(
      """
      SELECT addresses.child_index, accounts.descriptor FROM addresses
      JOIN accounts ON accounts.account_id = addresses.account_id WHERE addresses.script = $1
      """, [.blob(try EthereumAddress(address).hash.bytes)])
    return try row.map { try DerivationPath(EthereumPayouts.account($0).path) }
  }

  private static func refund(_ id: String, in connection: any SQLConnection) throws -> RefundOut {
    guard let refund = try RefundRecords.load(id, locking: false, in: connection),
      let number = Identifier(id, prefix: "ref"),
      let paymentID = Identifier(refund.terms.payment, prefix: "pay"),
      let payment = try PaymentRecords.load(
        refund.terms.payment, locking: false, in: connection)
    else { throw CorruptRow.column("payouts") }
    return RefundOut(
      id: number, payment: paymentID, receipts: payment.finalReceipts,
      requestedBy: refund.terms.requestedBy,
      attestation: refund.terms.attestation, approvals: refund.approvals.compactMap(\.proof))
  }
}
