package import Aggregates
internal import Bytes
internal import ChainTypes
package import Payments

extension CanonicalJSON {
  /// The same text for terms, which every payment writes, as fast as can be.
  package static func text(_ terms: PaymentTerms) throws -> String {
    var asset = CanonicalObject(reserving: 64)
    if let contract = terms.asset.contract { asset.add("contract", contract.hex) }
    asset.add("decimals", terms.asset.decimals)
    asset.add("symbol", terms.asset.symbol)
    var object = CanonicalObject()
    object.add("address", terms.address)
    object.add("amount", terms.amount)
    object.add("asset", asset)
    object.add("chain", terms.chain.text)
    if let chainID = terms.chainID { object.add("chainID", chainID) }
    object.add("confirmations", terms.confirmations)
    object.add("createdAt", terms.createdAt.microseconds)
    object.add("expiresAt", terms.expiresAt.microseconds)
    object.add("finality", terms.finality)
    object.add("id", terms.id)
    object.add("latePolicy", terms.latePolicy.rawValue)
    if let metadata = terms.metadata { object.add("metadata", metadata) }
    object.add("orderID", terms.orderID)
    object.add("ordinal", terms.ordinal)
    if let policy = terms.overPolicy { object.add("overPolicy", policy.rawValue) }
    if let quote = terms.quote { object.add("quote", json: try text(quote)) }
    if let address = terms.refundAddress { object.add("refundAddress", address) }
    object.add("region", terms.region)
    if let policy = terms.shortPolicy { object.add("shortPolicy", policy.rawValue) }
    object.add("tenant", terms.tenant)
    object.add("tolerance", terms.tolerance)
    return object.text
  }
}
