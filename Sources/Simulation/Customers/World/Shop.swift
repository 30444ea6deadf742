internal import Bytes
internal import ChainTypes
internal import Orders
internal import Supply

/// A tenant's shop at one location: what it sells, and what each piece takes from its stock.
struct Shop: Sendable {
  let tenant: String
  let location: String
  /// How much of a product one delivery brings, in cups' worth: of little much is sold out.
  let cupsPerDelivery: Int64

  static let tenants = ["roastery", "kiosk", "wholesale"]

  static let all = [
    Shop(tenant: "roastery", location: "old town", cupsPerDelivery: 120),
    Shop(tenant: "roastery", location: "harbour", cupsPerDelivery: 20),
    Shop(tenant: "kiosk", location: "station", cupsPerDelivery: 40),
    Shop(tenant: "wholesale", location: "old town", cupsPerDelivery: 60),
  ]

  /// Of which events shops' own servers are told.
  static let webhooks: [String: Set<String>] = [
    "kiosk": ["order", "claim"], "wholesale": ["payment"],
  ]

  struct Dish: Sendable {
    let name: String
    /// In satoshi.
    let price: UInt64
    let stock: [StockLine]
  }

  static let dishes = [
    Dish(
      name: "flat white", price: 9_000,
      stock: [.init(product: "beans", quantity: 18), .init(product: "milk", quantity: 120)]),
    Dish(name: "espresso", price: 5_000, stock: [.init(product: "beans", quantity: 9)]),
    Dish(
      name: "breakfast", price: 30_000,
      stock: [
        .init(product: "beans", quantity: 18), .init(product: "bread", quantity: 2),
        .init(product: "milk", quantity: 60),
      ]),
  ]

  static let extras = [
    OrderItem.Customization(
      name: "oat milk", price: 700, stock: [.init(product: "oat milk", quantity: 100)]),
    OrderItem.Customization(
      name: "another shot", price: 1_200, stock: [.init(product: "beans", quantity: 9)]),
    OrderItem.Customization(name: "to go", price: .zero, stock: []),
  ]

  /// What is kept of each, and how much of it a cup takes.
  static let products: [(name: String, cup: Int64)] = [
    ("beans", 18), ("milk", 120), ("bread", 2), ("oat milk", 100),
  ]

  /// What somebody feels like.
  static func items(_ random: inout SplitMix64) -> [OrderItem] {
    (0..<Int.random(in: 1...2, using: &random)).map { _ in
      let dish = dishes[Int.random(in: dishes.indices, using: &random)]
      let extras = extras.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
      return OrderItem(
        product: dish.name, quantity: Int64.random(in: 1...3, using: &random),
        unitPrice: UInt256(dish.price), customizations: extras, stock: dish.stock)
    }
  }
}

/// Somebody who orders once, and what they remember of it.
struct Customer {
  let name: String
  let shop: Shop
  /// How they mean to pay.
  let manner: Manner
  /// Under which they ask again where nobody answered.
  let key: String
  /// How they want to be told what becomes of it.
  let wishes: NewsWishes
  let items: [OrderItem]
  /// Whether they say at once how to pay.
  let paysAtOnce: Bool
  let paymentSeconds: Int64
  /// Once an answer has come.
  var order: String?
  /// What they sent, in the order of sending.
  var sent: [Hash32] = []
  var isDone = false
  /// How often they looked at their order.
  var looks = 0

  enum Manner: CaseIterable {
    case exactly, inParts, short, over, late, never, withReplacement, withdrawingBefore
    case withdrawingAfter, twice
  }
}
