internal import Aggregates
internal import ChainTypes

/// How a fact moved stock: what is told with it, and what a supply's history is made of.
package struct StockMovement: Equatable, Sendable {
  package let kind: Kind
  /// In the smallest unit: of an adjustment below 0 where stock went, else what the kind says; nil
  /// where only what was there before tells.
  package private(set) var quantity: Int64?
  /// What was counted.
  package private(set) var onHand: Int64?
  package private(set) var order: String?
  package private(set) var reason: AdjustmentReason?
  package private(set) var by: String?
  package private(set) var note: String?

  package enum Kind: String, Sendable, CaseIterable {
    /// What was there at the beginning.
    case founded
    case adjusted, counted, reserved, released, consumed, returned
  }

  /// Nil where the fact moves none.
  package init?(_ fact: SupplyFact) {
    switch fact {
    case .founded(_, _, let onHand):
      kind = .founded
      quantity = onHand
    case .adjusted(let change, let reason, let by, let note):
      kind = .adjusted
      (quantity, self.reason, self.by, self.note) = (change, reason, by, note)
    case .counted(let onHand, let by, let note):
      kind = .counted
      (self.onHand, self.by, self.note) = (onHand, by, note)
    case .reserved(let order, let quantity):
      kind = .reserved
      (self.order, self.quantity) = (order, quantity)
    case .released(let order, let quantity):
      kind = .released
      (self.order, self.quantity) = (order, quantity)
    case .consumed(let order, let quantity):
      kind = .consumed
      (self.order, self.quantity) = (order, quantity)
    case .returned(let order, let quantity):
      kind = .returned
      (self.order, self.quantity) = (order, quantity)
    case .reorderReceived(let quantity, let by, let note):
      kind = .adjusted
      (self.quantity, reason, self.by, self.note) = (quantity, .delivery, by, note)
    case .described, .assessed, .deleted, .reorderPlaced, .reorderClosed: return nil
    }
  }

  /// The facts that move none, by their cases' names.
  static let otherFacts = ["described", "assessed", "deleted", "reorderPlaced", "reorderClosed"]

  /// Adds its members.
  ///
  /// - Parameter quantity: what to tell of it
  func write(to object: inout CanonicalObject, quantity: Int64?) {
    if let by { object.add("by", by) }
    object.add("kind", kind.rawValue)
    if let note { object.add("note", note) }
    if let onHand { object.add("on_hand", onHand) }
    if let order { object.add("order_id", order) }
    if let quantity { object.add("quantity", quantity) }
    if let reason { object.add("reason", reason.rawValue) }
  }
}

extension RecordedFact<SupplyFact> {
  /// The movement as a supply's history has it; nil where the fact is none.
  var movement: String? {
    guard let movement = StockMovement(fact) else { return nil }
    var object = CanonicalObject(reserving: 192)
    movement.write(to: &object, quantity: movement.quantity)
    object.add("time", time)
    object.add("version", number)
    return object.text
  }
}
