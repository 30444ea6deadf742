internal import Addresses
internal import Aggregates
internal import ChainTypes
package import Payments

/// A refund as the world sees it: the body of responses and of events.
package enum RefundDocument {
  /// Always the same text for the same refund.
  ///
  /// - Parameters:
  ///   - status: for events: the step that they tell
  ///   - from: where it stood before; nil at its beginning
  package static func json(
    of refund: Refund, telling status: RefundStatus? = nil, from: RefundStatus? = nil
  ) throws -> String {
    let terms = refund.terms
    var object = CanonicalObject()
    object.add("address", terms.address)
    object.add("amount", Amount(minorUnits: terms.amount, asset: terms.asset).units)
    object.add("amount_minor", terms.amount)
    object.add("approvals", refund.approvers.count)
    object.add("approvals_needed", terms.approvalsNeeded)
    if let arrived = refund.arrived { object.add("arrived_minor", arrived) }
    object.add("asset", terms.asset.symbol)
    object.add("attested", terms.attestation != nil)
    let form: HashForm = terms.chainID == nil ? .bitcoin : .ethereum
    if let block = refund.block {
      object.add("block_hash", block.hash.text(form))
      object.add("block_height", block.height)
    }
    object.add("chain", terms.chain.text)
    if let chainID = terms.chainID { object.add("chain_id", chainID) }
    if let contract = terms.asset.contract {
      object.add("contract", EthereumAddress(contract).text)
    }
    if let failure = refund.failure { object.add("failure", failure) }
    object.add("fee_payer", terms.feePayer.rawValue)
    if let from { object.add("from", from.rawValue) }
    object.add("id", terms.id)
    object.add("kind", terms.kind.rawValue)
    object.add("not_before", terms.notBefore.description)
    if let order = terms.order { object.add("order_id", order) }
    object.add("payment_id", terms.payment)
    if let reason = terms.reason { object.add("reason", reason) }
    object.add("region", terms.region)
    object.add("requested_at", terms.requestedAt.description)
    object.add("requested_by", terms.requestedBy)
    object.add("status", refund.status.rawValue)
    if let status { object.add("to", status.rawValue) }
    if let txid = refund.txid { object.add("txid", txid) }
    object.add("version", refund.version)
    return object.text
  }
}
