package import Aggregates
package import Cache
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
      ("owner", .optional(details.owner)), ("reorder", .optional(reorder?.status.rawValue)),
    ]
  }

  package var cacheKeys: [CacheKey] {
    Self.cacheKeys(of: id, owner: details.owner, tenant: tenant)
  }

  package static func cacheKeys(of id: String, owner: String?, tenant: String) -> [CacheKey] {
    let keys = CacheKeys(tenant: tenant)
    return [try? keys.supply(id), owner.flatMap { try? keys.supplies(ofUser: $0) }]
      .compactMap(\.self)
  }

  package func document(telling step: RecordStep<SupplyItem>?) -> String {
    var object = CanonicalObject()
    if let amount = details.amount { object.add("amount", amount) }
    object.add("available", available)
    if let step, let change = change(step) { object.add("change", change) }
    object.add("created_at", createdAt)
    if let currency = details.currency { object.add("currency", currency) }
    if case .deleted(let by) = step?.fact { object.add("deleted_by", by) }
    object.add("id", id)
    object.add("location", terms.location)
    if let lowAt = details.lowAt { object.add("low_at", lowAt) }
    if let name = details.name { object.add("name", name) }
    object.add("on_hand", onHand)
    if let owner = details.owner { object.add("owner", owner) }
    object.add("product", terms.product)
    if let reorder { object.add("reorder", Self.document(of: reorder)) }
    if let reorderAt = details.reorderAt { object.add("reorder_at", reorderAt) }
    if let quantity = details.reorderQuantity { object.add("reorder_quantity", quantity) }
    object.add("reserved", reserved)
    object.add("status", status.rawValue)
    object.add("unit", terms.unit)
    if let units = details.units, let text = try? CanonicalJSON.text(units) {
      object.add("units", json: text)
    }
    object.add("updated_at", updatedAt)
    object.add("version", version)
    return object.text
  }

  private static func document(of reorder: SupplyReorder) -> CanonicalObject {
    var object = CanonicalObject(reserving: 128)
    if let quantity = reorder.quantity { object.add("quantity", quantity) }
    if let reference = reorder.reference { object.add("reference", reference) }
    object.add("since", reorder.since)
    object.add("status", reorder.status.rawValue)
    return object
  }

  /// How stock moved, where it did.
  private func change(_ step: RecordStep<SupplyItem>) -> CanonicalObject? {
    guard let before = step.before, let movement = StockMovement(step.fact) else { return nil }
    var object = CanonicalObject(reserving: 128)
    movement.write(to: &object, quantity: movement.quantity ?? onHand - before.onHand)
    return object
  }
}
