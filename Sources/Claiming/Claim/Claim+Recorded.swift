package import Aggregates
package import Cache
package import Database

extension Claim: Recorded {
  package static let names = RecordNames(
    table: "claims", id: "claim_id", facts: "claim_facts", prefix: "clm", event: "claim",
    words: "claim_words")

  package var fixedColumns: [(name: String, value: SQLValue)] {
    [("order_id", .text(terms.order)), ("location", .text(terms.location))]
  }

  package var columns: [(name: String, value: SQLValue)] { [("status", .text(status.rawValue))] }

  package static func parting(_ fact: ClaimFact) -> (fact: ClaimFact, words: [String: String]) {
    guard case .issued(let terms, let code, let sequence) = fact, let customer = terms.customer
    else { return (fact, [:]) }
    return (
      .issued(terms.with(customer: nil), code: code, sequence: sequence), ["customer": customer]
    )
  }

  package static func joining(_ words: [String: String], to fact: ClaimFact) -> ClaimFact {
    guard case .issued(let terms, let code, let sequence) = fact else { return fact }
    return .issued(terms.with(customer: words["customer"]), code: code, sequence: sequence)
  }

  package var cacheKeys: [CacheKey] {
    Self.cacheKeys(of: id, order: terms.order, tenant: tenant)
  }

  /// Its document stands there; its code never does.
  package static func cacheKeys(of id: String, order: String?, tenant: String) -> [CacheKey] {
    let keys = CacheKeys(tenant: tenant)
    return [try? keys.claim(id), order.flatMap { try? keys.claim(ofOrder: $0) }]
      .compactMap(\.self)
  }

  package func document(telling step: RecordStep<Claim>?) -> String {
    var object = CanonicalObject(reserving: 512)
    object.add("attempts_left", attemptsLeft)
    if let cancellation { object.add("cancellation", "order_\(cancellation.rawValue)") }
    object.add("created_at", createdAt)
    if let delivery { object.add("delivery", Self.document(of: delivery)) }
    if let before = step?.before { object.add("from", before.status.rawValue) }
    object.add("how", kind.rawValue)
    object.add("id", id)
    object.add("location", terms.location)
    object.add("locked", isLocked)
    object.add("order_id", terms.order)
    if let handover {
      object.add("processed_at", handover.at)
      object.add("processed_by", handover.by)
    }
    object.add("region", terms.region)
    object.add("status", status.rawValue)
    if step != nil { object.add("to", status.rawValue) }
    object.add("updated_at", updatedAt)
    object.add("version", version)
    return object.text
  }

  private static func document(of delivery: Delivery) -> CanonicalObject {
    var object = CanonicalObject(reserving: 96)
    object.add("courier", delivery.courier)
    object.add("revision", delivery.revision)
    object.add("status", delivery.status.rawValue)
    return object
  }
}
