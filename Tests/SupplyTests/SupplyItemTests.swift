import Aggregates
import ChainTypes
import Supply
import Testing

@Suite("A supply, by its facts")
struct SupplyItemTests {
  private static let time = Timestamp(seconds: 1_800_000_000)

  private static func item(_ onHand: Int64, lowAt: Int64? = nil) throws -> SupplyItem {
    let terms = SupplyTerms(
      id: "sup_1", tenant: "roastery", location: "old town", product: "beans", unit: "g")
    return try SupplyItem(
      founding: .founded(terms, SupplyDetails(lowAt: lowAt), onHand: onHand), at: time)
  }

  struct Step: Sendable, CustomStringConvertible {
    let fact: SupplyFact
    /// On hand and reserved before and after.
    let before: (Int64, Int64)
    let after: (Int64, Int64)
    let description: String

    init(
      _ description: String, _ fact: SupplyFact, _ before: (Int64, Int64), _ after: (Int64, Int64)
    ) {
      self.description = description
      self.fact = fact
      self.before = before
      self.after = after
    }
  }

  static let steps = [
    Step(
      "a delivery", .adjusted(change: 5, reason: .delivery, by: "a", note: nil), (10, 4), (15, 4)),
    Step("waste", .adjusted(change: -6, reason: .waste, by: "a", note: nil), (10, 4), (4, 4)),
    Step("a count", .counted(onHand: 7, by: "a", note: nil), (10, 4), (7, 4)),
    Step("reserving", .reserved(order: "o", quantity: 6), (10, 4), (10, 10)),
    Step("releasing", .released(order: "o", quantity: 4), (10, 4), (10, 0)),
    Step("consuming", .consumed(order: "o", quantity: 4), (10, 4), (6, 0)),
    Step("returning", .returned(order: "o", quantity: 3), (10, 4), (13, 4)),
  ]

  @Test("each fact moves what is on hand and what is reserved", arguments: steps)
  func moves(step: Step) throws {
    var item = try Self.item(step.before.0)
    if step.before.1 > 0 {
      #expect(try item.apply(.reserved(order: "x", quantity: step.before.1), at: Self.time) != [])
    }
    #expect(try item.apply(step.fact, at: Self.time).first == "updated")
    #expect(item.onHand == step.after.0)
    #expect(item.reserved == step.after.1)
    #expect(item.version == 3)
  }

  static let refused: [(SupplyFact, SupplyRefusal)] = [
    (.reserved(order: "o", quantity: 7), .insufficient("sup_1", available: 6)),
    (.reserved(order: "o", quantity: 0), .quantityOutOfRange(0)),
    (.reserved(order: "o", quantity: .max), .quantityOutOfRange(.max)),
    (.released(order: "o", quantity: 5), .quantityOutOfRange(5)),
    (.consumed(order: "o", quantity: 5), .quantityOutOfRange(5)),
    (.consumed(order: "o", quantity: -1), .quantityOutOfRange(-1)),
    (.returned(order: "o", quantity: .max), .quantityOutOfRange(.max)),
    (.adjusted(change: -7, reason: .waste, by: "a", note: nil), .reserved("sup_1", 4)),
    (.adjusted(change: -11, reason: .waste, by: "a", note: nil), .quantityOutOfRange(-1)),
    (.adjusted(change: .max, reason: .delivery, by: "a", note: nil), .quantityOutOfRange(.max)),
    (
      .adjusted(change: .min, reason: .delivery, by: "a", note: nil), .quantityOutOfRange(.min + 10)
    ),
    (.counted(onHand: 3, by: "a", note: nil), .reserved("sup_1", 4)),
    (.counted(onHand: -1, by: "a", note: nil), .quantityOutOfRange(-1)),
    (.deleted(by: "a"), .reserved("sup_1", 4)),
  ]

  @Test("what would break the stock is refused, and changes nothing", arguments: refused.indices)
  func refusals(place: Int) throws {
    let (fact, refusal) = Self.refused[place]
    var item = try Self.item(10)
    _ = try item.apply(.reserved(order: "x", quantity: 4), at: Self.time)
    let before = item
    #expect(throws: refusal) { try item.apply(fact, at: Self.time) }
    #expect(item == before)
  }

  @Test("what changes nothing tells nothing, and counts as no fact")
  func nothing() throws {
    var item = try Self.item(10)
    #expect(try item.apply(.counted(onHand: 10, by: "a", note: nil), at: Self.time) == [])
    #expect(try item.apply(.described(SupplyDetails()), at: Self.time) == [])
    #expect(item.version == 1)
  }

  @Test("low stock is told once, until there has been more again")
  func lowStock() throws {
    var item = try Self.item(10, lowAt: 4)
    func apply(_ fact: SupplyFact) throws -> [String] { try item.apply(fact, at: Self.time) }
    #expect(try apply(.reserved(order: "a", quantity: 5)) == ["updated"])
    #expect(item.status == .available)
    #expect(try apply(.reserved(order: "b", quantity: 1)) == ["updated", "low_stock"])
    #expect(item.status == .low)
    #expect(try apply(.consumed(order: "b", quantity: 1)) == ["updated"])
    #expect(try apply(.reserved(order: "c", quantity: 4)) == ["updated"])
    #expect(item.status == .out)
    #expect(try apply(.released(order: "a", quantity: 5)) == ["updated"])
    #expect(try apply(.reserved(order: "d", quantity: 1)) == ["updated", "low_stock"])
    #expect(try apply(.described(SupplyDetails(lowAt: 3))) == ["updated"])
    #expect(try apply(.described(SupplyDetails(lowAt: 9))) == ["updated", "low_stock"])
  }

  @Test("a deleted supply takes no more facts")
  func deleted() throws {
    var item = try Self.item(10)
    #expect(try item.apply(.deleted(by: "a"), at: Self.time) == ["deleted"])
    #expect(item.status == .deleted)
    #expect(throws: SupplyRefusal.deleted("sup_1")) {
      try item.apply(.counted(onHand: 1, by: "a", note: nil), at: Self.time)
    }
  }

  @Test("only its first fact founds it, with a quantity that there can be")
  func founding() throws {
    let terms = SupplyTerms(id: "s", tenant: "t", location: "l", product: "p", unit: "g")
    for quantity in [-1, SupplyItem.maximumQuantity + 1] {
      #expect(throws: SupplyRefusal.quantityOutOfRange(quantity)) {
        try SupplyItem(
          founding: .founded(terms, SupplyDetails(), onHand: quantity), at: Self.time)
      }
    }
    #expect(throws: SupplyRefusal.notFounded) {
      try SupplyItem(founding: .deleted(by: "a"), at: Self.time)
    }
    var item = try Self.item(1)
    #expect(throws: SupplyRefusal.foundedAlready("sup_1")) {
      try item.apply(.founded(terms, SupplyDetails(), onHand: 1), at: Self.time)
    }
  }
}
