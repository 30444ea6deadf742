/// What a person may do in a tenant's name, as a token says it. Each route names the roles that it
/// takes; a person may have several.
package enum UserRole: String, Sendable, CaseIterable, Comparable {
  /// Sees and changes only what is theirs: orders whose `customer` is the token's subject.
  case customer
  /// Prepares and hands over orders, counts stock.
  case barista
  /// Decides about all of the shop's: orders, stock, payments, refunds, webhooks.
  case shopManager = "shop_manager"
  /// Reads payments and refunds, and approves refunds.
  case finance
  /// Keeps the machinery going: events, webhooks and their deliveries.
  case `operator`
  /// Reads everything, the audit log too, and changes nothing.
  case auditor

  package static func < (a: UserRole, b: UserRole) -> Bool { a.rawValue < b.rawValue }
}
