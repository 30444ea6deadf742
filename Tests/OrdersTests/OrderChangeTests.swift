import Bytes
import ChainTypes
import Orders
import Supply
import Testing

extension OrderTests {
  @Test("items change until a payment is asked for; each change is a wish for stock of its own")
  func changes() throws {
    var order = try Self.order(nil, [.stockReserved(revision: 1)])
    #expect(order.nextStep == nil)
    #expect(order.wakes(at: Self.time) == order.terms.expiresAt)
    _ = try order.apply(.changed(items: Self.otherItems, by: "ada"), at: Self.time)
    #expect(order.nextStep == .reserveStock(revision: 2))
    // The answer to the first comes late.
    #expect(try order.apply(.stockReserved(revision: 1), at: Self.time) == [])
    _ = try order.apply(.stockReserved(revision: 2), at: Self.time)
    _ = try order.apply(.paymentChosen(Self.choice), at: Self.time)
    #expect(order.nextStep == .reserveStock(revision: 3))
    _ = try order.apply(.stockReserved(revision: 3), at: Self.time)
    #expect(order.nextStep == .requestPayment)
    #expect(order.items == Self.otherItems)
  }

  @Test("a change that stock doesn't allow is undone, and what was before is wished anew")
  func refusedChange() throws {
    var order = try Self.order(
      nil, [.stockReserved(revision: 1), .changed(items: Self.otherItems, by: "ada")])
    let told = try order.apply(
      .stockRefused(revision: 2, shortages: Self.shortages), at: Self.time)
    #expect(told == ["updated"])
    #expect(order.status == .pending)
    #expect(order.items == Self.items)
    #expect(order.shortages == Self.shortages)
    #expect(order.nextStep == .reserveStock(revision: 3))
    // Refused as well: there is nothing to go back to.
    _ = try order.apply(.stockRefused(revision: 3, shortages: Self.shortages), at: Self.time)
    #expect(order.cancellation?.reason == .outOfStock)
  }
}
