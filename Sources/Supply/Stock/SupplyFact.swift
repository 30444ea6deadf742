/// Something that happened to a supply. Quantities are in its unit, and at least 1 where orders
/// move them.
package enum SupplyFact: Codable, Equatable, Sendable {
  case founded(SupplyTerms, SupplyDetails, onHand: Int64)
  case described(SupplyDetails)
  /// What was there at the beginning is little: held against the limits, as if it had fallen to
  /// them.
  case assessed
  /// So much came (above zero) or went (below).
  case adjusted(change: Int64, reason: AdjustmentReason, by: String, note: String?)
  /// Somebody counted, and found so much, what is reserved included.
  case counted(onHand: Int64, by: String, note: String?)
  case reserved(order: String, quantity: Int64)
  /// An order gave back what it had reserved.
  case released(order: String, quantity: Int64)
  /// An order used what it had reserved.
  case consumed(order: String, quantity: Int64)
  /// An order gave back what it had consumed on paper, and nobody had used.
  case returned(order: String, quantity: Int64)
  case deleted(by: String)
  /// So much more was ordered.
  case reorderPlaced(quantity: Int64, reference: String?, by: String)
  /// So much of it came.
  case reorderReceived(quantity: Int64, by: String, note: String?)
  /// Nothing will come of it.
  case reorderClosed(by: String, note: String?)
}

/// Why a quantity changed by somebody's hand.
package enum AdjustmentReason: String, Codable, Sendable, CaseIterable {
  case delivery
  case waste
  case transfer
  case correction
}

/// Why a fact can't happen to a supply. Nothing was written.
package enum SupplyRefusal: Error, Equatable, Sendable {
  case notFounded
  case foundedAlready(String)
  case notFound(String)
  /// The location has one for the product.
  case exists(String)
  case deleted(String)
  case insufficient(String, available: Int64)
  /// It holds so much for orders.
  case reserved(String, Int64)
  case quantityOutOfRange(Int64)
  /// It isn't counted in the unit.
  case unknownUnit(String, known: [String])
  /// Nothing is to be ordered, or was.
  case noReorder(String)
  /// Nobody has said how much is to be ordered.
  case reorderQuantityMissing(String)
}
