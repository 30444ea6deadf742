package import Aggregates
package import Database

extension SupplyItem: Recorded {
  package static let names = RecordNames(
    table: "supplies", id: "supply_id", facts: "supply_facts", prefix: "sup", event: "supply")

  package var fixedColumns: [(name: String, value: SQLValue)] {
    [("location", .text(terms.location)), ("product", .text(terms.product))]
  }

  package var columns: [(name: String, value: SQLValue)] {
    [
      ("status", .text(status.rawValue)), ("on_hand", .integer(onHand)),
      ("reserved", .integer(reserved)), ("deleted", .flag(isDeleted)),
    ]
  }

  package func document(telling step: RecordStep<SupplyItem>?) -> String {
    var object = CanonicalObject()
    if let amount = details.amount { object.add("amount", amount) }
    object.add("available", available)
    if let step, let change = Self.change(step) { object.add("change", change) }
    object.add("created_at", createdAt)
    if let currency = details.currency { object.add("currency", currency) }
    object.add("id", id)
    object.add("location", terms.location)
    if let lowAt = details.lowAt { object.add("low_at", lowAt) }
    if let name = details.name { object.add("name", name) }
    object.add("on_hand", onHand)
    if let owner = details.owner { object.add("owner", owner) }
    object.add("product", terms.product)
    object.add("reserved", reserved)
    object.add("status", status.rawValue)
    object.add("unit", terms.unit)
    object.add("updated_at", updatedAt)
    object.add("version", version)
    return object.text
  }

  /// How stock moved, where it did.
  private static func change(_ step: RecordStep<SupplyItem>) -> CanonicalObject? {
    var object = CanonicalObject(reserving: 128)
    switch step.fact {
    case .adjusted(let change, let reason, let by, let note):
      object.add("by", by)
      object.add("kind", "adjusted")
      if let note { object.add("note", note) }
      object.add("quantity", change)
      object.add("reason", reason.rawValue)
    case .counted(let onHand, let by, let note):
      object.add("by", by)
      object.add("kind", "counted")
      if let note { object.add("note", note) }
      object.add("quantity", onHand - (step.before?.onHand ?? 0))
    case .reserved(let order, let quantity): ordered("reserved", order, quantity)
    case .released(let order, let quantity): ordered("released", order, quantity)
    case .consumed(let order, let quantity): ordered("consumed", order, quantity)
    case .returned(let order, let quantity): ordered("returned", order, quantity)
    case .founded, .described, .deleted: return nil
    }
    return object

    func ordered(_ kind: String, _ order: String, _ quantity: Int64) {
      object.add("kind", kind)
      object.add("order_id", order)
      object.add("quantity", quantity)
    }
  }
}
