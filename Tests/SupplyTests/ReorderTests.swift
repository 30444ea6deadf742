import ChainTypes
import Supply
import Testing

@Suite("What is to be ordered of a supply")
struct ReorderTests {
  private static let time = Timestamp(seconds: 1_800_000_000)
  private static let details = SupplyDetails(reorderAt: 20, reorderQuantity: 60)

  /// A supply of 30 of which more is to be ordered at 20, after these facts; and what the last
  /// fact told.
  private static func after(
    _ facts: [SupplyFact], _ details: SupplyDetails = details
  ) throws -> (item: SupplyItem, told: [String]) {
    let terms = SupplyTerms(
      id: "sup_1", tenant: "roastery", location: "old town", product: "beans", unit: "g")
    var item = try SupplyItem(founding: .founded(terms, details, onHand: 30), at: time)
    var told: [String] = []
    for fact in facts { told = try item.apply(fact, at: time) }
    return (item, told)
  }

  private static func adjusted(_ change: Int64, _ reason: AdjustmentReason) -> SupplyFact {
    .adjusted(change: change, reason: reason, by: "bo", note: nil)
  }

  private static let fallen: [SupplyFact] = [.reserved(order: "o", quantity: 10)]
  private static let ordered =
    fallen + [.reorderPlaced(quantity: 60, reference: "PO 7", by: "bo")]

  @Test("what falls to the limit is told once, whatever goes up and down then")
  func once() throws {
    let (item, told) = try Self.after(Self.fallen)
    #expect(told == ["updated", "reordered"])
    #expect(item.reorder?.status == .open)
    #expect(item.reorder?.quantity == 60)
    #expect(item.reorder?.since == Self.time)
    let swings: [SupplyFact] = [
      .released(order: "o", quantity: 10), .reserved(order: "p", quantity: 12),
    ]
    let (still, again) = try Self.after(Self.fallen + swings + swings)
    #expect(again == ["updated"])
    #expect(still.reorder == item.reorder)
  }

  struct End: Sendable, CustomStringConvertible {
    let description: String
    let facts: [SupplyFact]
    let status: SupplyReorder.Status?
    let told: [String]

    init(
      _ description: String, _ facts: [SupplyFact], _ status: SupplyReorder.Status?,
      _ told: [String] = ["updated"]
    ) {
      self.description = description
      self.facts = facts
      self.status = status
      self.told = told
    }
  }

  static let ends = [
    End("a delivery ends it", fallen + [adjusted(10, .delivery)], nil),
    End(
      "too small a delivery doesn't",
      fallen + [.reserved(order: "p", quantity: 15), adjusted(5, .delivery)], .open),
    End(
      "a count that finds enough ends it", fallen + [.counted(onHand: 31, by: "bo", note: nil)], nil
    ),
    End(
      "what was ordered is to come, whatever is counted",
      ordered + [.counted(onHand: 31, by: "bo", note: nil)], .ordered),
    End("a delivery ends what was ordered", ordered + [adjusted(60, .delivery)], nil),
    End("another correction doesn't", ordered + [adjusted(60, .correction)], .ordered),
    End("what came ends it", ordered + [.reorderReceived(quantity: 60, by: "bo", note: nil)], nil),
    End(
      "what came and was too little begins another",
      fallen + [
        .reserved(order: "p", quantity: 15), .reorderReceived(quantity: 10, by: "bo", note: nil),
      ], .open, ["updated", "reordered"]),
    End(
      "closed, it stays so until there has been enough",
      fallen + [.reorderClosed(by: "bo", note: nil), .reserved(order: "p", quantity: 5)], nil),
    End(
      "and begins anew then",
      fallen + [
        .reorderClosed(by: "bo", note: nil), .released(order: "o", quantity: 10),
        .reserved(order: "p", quantity: 11),
      ], .open, ["updated", "reordered"]),
    End(
      "a higher limit begins one", [.described(SupplyDetails(reorderAt: 30))], .open,
      ["updated", "reordered"]),
    End("a lower one ends it", fallen + [.described(SupplyDetails(reorderAt: 1))], nil),
    End(
      "somebody sees ahead", [.reorderPlaced(quantity: 5, reference: nil, by: "bo")], .ordered),
    End(
      "deleting ends it",
      [adjusted(-15, .waste), .deleted(by: "bo")], nil, ["deleted"]),
  ]

  @Test("it lasts until stock has come or somebody has closed it", arguments: ends)
  func lasting(end: End) throws {
    let (item, told) = try Self.after(end.facts)
    #expect(item.reorder?.status == end.status)
    #expect(told == end.told)
  }

  @Test("nothing is received or closed that nobody waits for; how much is to be known")
  func refusals() throws {
    for fact in [
      SupplyFact.reorderReceived(quantity: 1, by: "bo", note: nil),
      .reorderClosed(by: "bo", note: nil),
    ] {
      #expect(throws: SupplyRefusal.noReorder("sup_1")) { try Self.after([fact]) }
    }
    #expect(throws: SupplyRefusal.quantityOutOfRange(0)) {
      try Self.after([.reorderPlaced(quantity: 0, reference: nil, by: "bo")])
    }
    let (item, _) = try Self.after([], SupplyDetails(reorderAt: 20, units: ["kg": 1_000]))
    #expect(throws: SupplyRefusal.reorderQuantityMissing("sup_1")) {
      try item.reordered(nil, of: nil)
    }
    #expect(try item.reordered(2, of: "kg") == 2_000)
  }

  @Test("larger units are so many of the smallest, exactly")
  func units() throws {
    let (item, _) = try Self.after([], SupplyDetails(units: ["kg": 1_000]))
    #expect(try item.smallest(3, of: nil) == 3)
    #expect(try item.smallest(3, of: "g") == 3)
    #expect(try item.smallest(-3, of: "kg") == -3_000)
    #expect(throws: SupplyRefusal.unknownUnit("oz", known: ["g", "kg"])) {
      try item.smallest(1, of: "oz")
    }
    #expect(throws: SupplyRefusal.quantityOutOfRange(.max)) {
      try item.smallest(.max, of: "kg")
    }
  }

  @Test("what begins with too little is told once, whatever was there before")
  func founding() throws {
    let low = SupplyDetails(lowAt: 30, reorderAt: 30, reorderQuantity: 60)
    let (item, told) = try Self.after([.assessed], low)
    #expect(told == ["updated", "low_stock", "reordered"])
    #expect(item.reorder?.status == .open && item.version == 2)
    #expect(try Self.after([.assessed, .assessed], low).told == [])
    #expect(
      try Self.after([.assessed], SupplyDetails(lowAt: 30)).told == ["updated", "low_stock"])
    #expect(try Self.after([], low).item.isFoundedLow)
    #expect(!(try Self.after([.assessed], low).item.isFoundedLow))
    #expect(!(try Self.after([]).item.isFoundedLow))
  }
}
