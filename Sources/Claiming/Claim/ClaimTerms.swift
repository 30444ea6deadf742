/// What a claim is, for as long as it is.
package struct ClaimTerms: Codable, Equatable, Sendable {
  /// `clm_…`
  package let id: String
  package let tenant: String
  /// `ord_…`; an order has one claim.
  package let order: String
  /// Whose order it is, where the order says so: who may see the code.
  package fileprivate(set) var customer: String?
  /// Where the order is handed over, or fetched by a courier.
  package let location: String
  /// Its home: only there it is decided who gets the order, in one database and on one row.
  package let region: String

  func with(customer: String?) -> ClaimTerms {
    var terms = self
    terms.customer = customer
    return terms
  }

  package init(
    id: String, tenant: String, order: String, customer: String? = nil, location: String,
    region: String
  ) {
    self.id = id
    self.tenant = tenant
    self.order = order
    self.customer = customer
    self.location = location
    self.region = region
  }
}
