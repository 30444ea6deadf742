/// Who put how much of which stock where: what the world did itself.
struct StockTruth {
  struct Place {
    let shop: Shop
    let product: String
    /// How much of it a cup takes.
    let cup: Int64
  }

  private(set) var ids: [String] = []
  private(set) var places: [String: Place] = [:]
  /// What came, less what was thrown away or found missing.
  private(set) var put: [String: Int64] = [:]

  mutating func found(_ id: String, _ product: String, at shop: Shop, _ quantity: Int64) {
    let cup = Shop.products.first { $0.name == product }?.cup ?? 1
    ids.append(id)
    places[id] = Place(shop: shop, product: product, cup: cup)
    put[id] = quantity
  }

  mutating func put(_ change: Int64, into id: String) { put[id, default: 0] += change }
}
