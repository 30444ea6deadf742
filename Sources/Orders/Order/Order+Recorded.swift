internal import Addresses
package import Aggregates
internal import Bytes
package import Cache
internal import ChainTypes
package import Database
internal import Settlement
internal import Supply

extension Order: Recorded {
  package static let names = RecordNames(
    table: "orders", id: "order_id", facts: "order_facts", prefix: "ord", event: "order",
    words: "order_words")

  package var fixedColumns: [(name: String, value: SQLValue)] {
    [("location", .text(terms.location))]
  }

  package var columns: [(name: String, value: SQLValue)] {
    [
      ("status", .text(status.rawValue)), ("attention", .optional(attention?.rawValue)),
      ("customer", .optional(terms.customer)), ("payment", .optional(payment?.requested.id)),
    ]
  }

  package static func parting(_ fact: OrderFact) -> (fact: OrderFact, words: [String: String]) {
    var words: [String: String] = [:]
    switch fact {
    case .placed(let terms, let items, let choice):
      words["customer"] = terms.customer
      words["metadata"] = terms.metadata
      return (.placed(terms.forgotten(), items: items, payment: choice), words)
    case .canceled(let by, let note):
      words["note"] = note
      return (.canceled(by: by, note: nil), words)
    case .stockResolved(let resolution, let by, let note):
      words["note"] = note
      return (.stockResolved(resolution, by: by, note: nil), words)
    case .refundWaived(let by, let note):
      words["note"] = note
      return (.refundWaived(by: by, note: nil), words)
    default: return (fact, [:])
    }
  }

  package static func joining(_ words: [String: String], to fact: OrderFact) -> OrderFact {
    switch fact {
    case .placed(let terms, let items, let choice):
      let whole = terms.with(customer: words["customer"], metadata: words["metadata"])
      return .placed(whole, items: items, payment: choice)
    case .canceled(let by, _): return .canceled(by: by, note: words["note"])
    case .stockResolved(let resolution, let by, _):
      return .stockResolved(resolution, by: by, note: words["note"])
    case .refundWaived(let by, _): return .refundWaived(by: by, note: words["note"])
    default: return fact
    }
  }

  package var cacheKeys: [CacheKey] {
    Self.cacheKeys(of: id, customer: terms.customer, tenant: tenant)
  }

  package static func cacheKeys(
    of id: String, customer: String?, tenant: String
  ) -> [CacheKey] {
    let keys = CacheKeys(tenant: tenant)
    return [
      try? keys.order(id), try? keys.orderItems(id),
      customer.flatMap { try? keys.orders(ofUser: $0) },
    ].compactMap(\.self)
  }

  package func document(telling step: RecordStep<Order>?) -> String {
    var object = CanonicalObject()
    if let attention { object.add("attention", attention.rawValue) }
    if let cancellation { object.add("cancellation", Self.document(of: cancellation)) }
    if let claim { object.add("claim", Self.document(of: claim)) }
    object.add("created_at", createdAt)
    object.add("currency", terms.currency.symbol)
    if let customer = terms.customer { object.add("customer", customer) }
    object.add("expires_at", terms.expiresAt)
    if isForgotten == true { object.add("forgotten", true) }
    if let before = step?.before { object.add("from", before.status.rawValue) }
    object.add("id", id)
    object.add("items", items.map(document(of:)))
    object.add("location", terms.location)
    if let choice { object.add("payment", document(of: choice)) }
    if !shortages.isEmpty { object.add("shortages", shortages.map(Self.document(of:))) }
    object.add("status", status.rawValue)
    object.add("stock", stock.rawValue)
    if step != nil { object.add("to", status.rawValue) }
    addTotal(to: &object)
    object.add("updated_at", updatedAt)
    object.add("version", version)
    if let metadata = terms.metadata { object.add("metadata", json: metadata) }
    return object.text
  }

  /// What is ordered, with what it comes to.
  package var itemsDocument: String {
    var object = CanonicalObject()
    object.add("currency", terms.currency.symbol)
    object.add("id", id)
    object.add("items", items.map(document(of:)))
    addTotal(to: &object)
    object.add("version", version)
    return object.text
  }

  /// Every fact that changes the items has had their sum checked.
  private func addTotal(to object: inout CanonicalObject) {
    let total = (try? OrderItem.total(of: items)) ?? .zero
    object.add("total", units(total))
    object.add("total_minor", total)
  }

  private func units(_ value: UInt256) -> Amount {
    Amount(minorUnits: value, asset: terms.currency)
  }

  private func document(of item: OrderItem) -> CanonicalObject {
    var object = CanonicalObject(reserving: 256)
    object.add(
      "customizations",
      item.customizations.map { extra in
        var object = CanonicalObject(reserving: 64)
        object.add("name", extra.name)
        object.add("price", units(extra.price))
        object.add("stock", extra.stock.map(Self.document(of:)))
        return object
      })
    if let name = item.name { object.add("name", name) }
    object.add("product", item.product)
    object.add("quantity", item.quantity)
    object.add("stock", item.stock.map(Self.document(of:)))
    object.add("total", units((try? item.total()) ?? .zero))
    object.add("unit_price", units(item.unitPrice))
    return object
  }

  private static func document(of line: StockLine) -> CanonicalObject {
    var object = CanonicalObject(reserving: 64)
    object.add("product", line.product)
    object.add("quantity", line.quantity)
    if let unit = line.unit { object.add("unit", unit) }
    return object
  }

  private static func document(of shortage: StockShortage) -> CanonicalObject {
    var object = CanonicalObject(reserving: 96)
    object.add("available", shortage.available)
    object.add("product", shortage.product)
    if let unit = shortage.unit { object.add("unit", unit) }
    object.add("wanted", shortage.wanted)
    return object
  }

  private static func document(of cancellation: Cancellation) -> CanonicalObject {
    var object = CanonicalObject(reserving: 128)
    object.add("by", cancellation.by)
    if let note = cancellation.note { object.add("note", note) }
    object.add("reason", cancellation.reason.rawValue)
    return object
  }

  private static func document(of claim: OrderClaim) -> CanonicalObject {
    var object = CanonicalObject(reserving: 96)
    object.add("by", claim.by)
    object.add("id", claim.id)
    return object
  }

  private func document(of choice: PaymentChoice) -> CanonicalObject {
    var object = CanonicalObject(reserving: 512)
    let requested = payment?.requested
    if let requested { object.add("address", requested.address) }
    object.add("amount", Amount(minorUnits: choice.amount, asset: choice.asset))
    object.add("amount_minor", choice.amount)
    object.add("asset", choice.asset.symbol)
    object.add("chain", choice.chain.text)
    if let contract = choice.asset.contract {
      object.add("contract", EthereumAddress(contract).text)
    }
    if let requested { object.add("expires_at", requested.expiresAt) }
    if let requested { object.add("id", requested.id) }
    if let quote = choice.quote { object.add("quote", quote.document) }
    if let received = payment?.received { object.add("received_minor", received) }
    if let payment, payment.refunded > .zero { object.add("refunded_minor", payment.refunded) }
    if let payment { object.add("status", payment.level.rawValue) }
    if let requested { object.add("uri", requested.uri) }
    return object
  }
}
