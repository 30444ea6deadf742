package import Aggregates
internal import ChainTypes
package import Payments

extension PaymentQuote {
  /// As payments and orders show it.
  package var document: CanonicalObject {
    var object = CanonicalObject(reserving: 256)
    object.add("as_of", asOf)
    object.add("currency", currency.symbol)
    if let id { object.add("id", id) }
    object.add("price", Amount(minorUnits: price, asset: currency))
    object.add("price_minor", price)
    object.add("rate", rate.text)
    object.add("sources", sources)
    object.add("valid_until", validUntil)
    return object
  }
}
