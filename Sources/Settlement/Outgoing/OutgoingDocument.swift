internal import Addresses
internal import Aggregates
internal import Bytes
internal import ChainTypes
package import Payments

/// An outgoing transaction as the world sees it: what `payctl payout` prints, and the body of
/// `sweep.*` events.
package enum OutgoingDocument {
  /// Always the same text for the same transaction. What is to be signed isn't in it.
  ///
  /// - Parameter remarks: for who looks after it; not in what its own steps tell
  package static func json(
    of transaction: OutgoingTransaction, _ remarks: OutgoingRemarks? = nil
  ) -> String {
    var form = HashForm.bitcoin
    if case .nonce = transaction.slots.first { form = .ethereum }
    var object = CanonicalObject()
    if let sighting = transaction.sighting {
      object.add("block_hash", sighting.block.hash.text(form))
      object.add("block_height", sighting.block.height)
    }
    object.add("chain", transaction.chain.text)
    object.add("created_at", transaction.createdAt.description)
    if let fee = transaction.sighting?.fee { object.add("fee_minor", fee) }
    object.add("id", transaction.id)
    object.add("maximum_fee_minor", transaction.maximumFee)
    if let note = remarks?.note { object.add("note", note) }
    object.add(
      "payouts",
      transaction.payouts.map { payout in
        var object = CanonicalObject(reserving: 200)
        object.add("address", payout.address)
        object.add("amount_minor", payout.amount)
        if let tokens = transaction.sighting?.tokens { object.add("arrived_minor", tokens.arrived) }
        if let contract = payout.contract {
          object.add("contract", EthereumAddress(contract).text)
        }
        if let refund = payout.refund { object.add("refund_id", refund) }
        return object
      })
    object.add("purpose", transaction.purpose.rawValue)
    if let replaces = transaction.replaces { object.add("replaces", replaces) }
    object.add("status", transaction.status.rawValue)
    if let stuck = remarks?.wait?.stuck { object.add("stuck", stuck.rawValue) }
    if let succeeded = transaction.sighting?.succeeded { object.add("succeeded", succeeded) }
    if let txid = transaction.txidText { object.add("txid", txid) }
    if let wait = remarks?.wait { object.add("waiting_since_height", wait.since) }
    return object.text
  }
}
