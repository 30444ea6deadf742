import Bytes
import ChainTypes
import Orders
import Supply
import Testing

@Suite("What items come to")
struct OrderSumsTests {
  private static func item(
    _ quantity: Int64, _ price: UInt256, extras: [UInt256] = [], stock: [StockLine] = []
  ) -> OrderItem {
    OrderItem(
      product: "p", quantity: quantity, unitPrice: price,
      customizations: extras.map { .init(name: "x", price: $0, stock: []) }, stock: stock)
  }

  @Test("prices with customizations, times pieces, to the last minor unit")
  func totals() throws {
    // Three at 4.50 with oat milk at 0.60 and another shot at 0.55, and one at 0.01.
    let items = [Self.item(3, 450, extras: [60, 55]), Self.item(1, 1)]
    #expect(try items[0].piece() == 565)
    #expect(try items[0].total() == 1_695)
    #expect(try OrderItem.total(of: items) == 1_696)
    #expect(try OrderItem.total(of: []) == 0)
  }

  @Test("sums stay exact far beyond what 64 bits hold")
  func large() throws {
    let wei = try UInt256(decimal: "123456789012345678901234567890")
    let total = try OrderItem.total(of: [Self.item(10_000, wei, extras: [1])])
    #expect(total.decimal == "1234567890123456789012345678910000")
  }

  @Test("what has no room in 256 bits is refused, in each of the sums")
  func overflow() throws {
    let most = UInt256.max
    for items in [
      [Self.item(1, most, extras: [1])], [Self.item(2, most)],
      [Self.item(1, most), Self.item(1, 1)],
    ] {
      #expect(throws: OrderRefusal.totalTooLarge) { try OrderItem.total(of: items) }
    }
  }

  @Test("stock is summed up product by product, pieces and customizations together")
  func stock() throws {
    let item = OrderItem(
      product: "flat white", quantity: 2, unitPrice: 1,
      customizations: [
        .init(
          name: "oat", price: 0,
          stock: [
            StockLine(product: "oat milk", quantity: 150), StockLine(product: "cup", quantity: 1),
          ])
      ],
      stock: [StockLine(product: "cup", quantity: 1), StockLine(product: "beans", quantity: 18)])
    #expect(
      try OrderItem.stock(of: [item, item]) == [
        StockLine(product: "beans", quantity: 72), StockLine(product: "cup", quantity: 8),
        StockLine(product: "oat milk", quantity: 600),
      ])
  }

  @Test("more of a product than any stock holds is refused")
  func tooMuch() throws {
    for quantity in [SupplyItem.maximumQuantity, Int64.max] {
      let item = Self.item(2, 1, stock: [StockLine(product: "beans", quantity: quantity)])
      #expect(throws: OrderRefusal.tooMuch("beans")) { try OrderItem.stock(of: [item]) }
    }
  }

  @Test(
    "currencies have the decimals of ISO 4217",
    arguments: [("USD", 2), ("JPY", 0), ("KWD", 3), ("EUR", 2)])
  func currencies(code: String, decimals: UInt8) {
    #expect(FiatCurrency.asset(code) == Asset(symbol: code, decimals: decimals))
  }

  @Test("what is no currency has none", arguments: ["usd", "BTC", "ZZZ", "", "US"])
  func noCurrency(code: String) {
    #expect(FiatCurrency.asset(code) == nil)
  }
}
