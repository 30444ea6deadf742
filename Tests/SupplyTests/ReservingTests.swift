import ChainTypes
import Database
import LoopbackHTTP
import Supply
import TestDatabases
import Testing

@Suite("Stock that orders set aside")
struct ReservingTests {
  @Test("a supply that begins low is told, and is to be ordered")
  func beginning() async throws {
    let scene = try await StockScene()
    let id = try await scene.keep("beans", 5, lowAt: 10, reorderAt: 10)
    #expect(
      try await scene.events(id) == [
        "supply.created", "supply.updated", "supply.low_stock", "supply.reordered",
      ])
    #expect(try await scene.item(id).reorder?.status == .open)
    try await scene.expectSound()
  }

  @Test("an order's stock is set aside, used once, and told at each step")
  func life() async throws {
    let scene = try await StockScene()
    let (beans, milk) = (
      try await scene.keep("beans", 100, lowAt: 85), try await scene.keep("milk", 50)
    )
    #expect(try await scene.reserve("o1", [("beans", 18), ("milk", 20)]) == .reserved)
    #expect(try await scene.stock(beans) == [100, 18])
    #expect(try await scene.reserve("o1", [("beans", 18), ("milk", 20)]) == .reserved)
    #expect(try await scene.stock(beans) == [100, 18])
    #expect(try await scene.consume("o1") == .consumed)
    #expect(try await scene.consume("o1") == .consumed)
    #expect(try await scene.stock(beans) == [82, 0])
    #expect(try await scene.stock(milk) == [30, 0])
    #expect(
      try await scene.events(beans) == [
        "supply.created", "supply.updated", "supply.low_stock", "supply.updated",
      ])
    try await scene.expectSound()
  }

  @Test("what doesn't suffice is refused whole, with what is missing")
  func shortage() async throws {
    let scene = try await StockScene()
    let beans = try await scene.keep("beans", 10)
    let reply = try await scene.reserve("o1", [("beans", 11), ("tea", 1)])
    #expect(
      reply == .insufficient([StockShortage(product: "tea", wanted: 1, available: 0)]))
    #expect(
      try await scene.reserve("o1", [("beans", 11)])
        == .insufficient([StockShortage(product: "beans", wanted: 11, available: 10)]))
    #expect(try await scene.stock(beans) == [10, 0])
    #expect(try await scene.consume("o1") == .notHeld)
    #expect(try await scene.reserve("o1", [("beans", 10)]) == .reserved)
    // What the order holds counts for it.
    #expect(
      try await scene.reserve("o1", [("beans", 12)], revision: 2)
        == .insufficient([StockShortage(product: "beans", wanted: 12, available: 10)]))
    #expect(try await scene.stock(beans) == [10, 10])
    try await scene.expectSound()
  }

  @Test("lines in a supply's larger units are set aside in its smallest, exactly or not at all")
  func units() async throws {
    let scene = try await StockScene()
    let beans = try await scene.keep("beans", 2_500, units: ["kg": 1_000, "bag": 250])
    #expect(
      try await scene.reserve(
        "o1",
        lines: [
          StockLine(product: "beans", quantity: 1, unit: "kg"),
          StockLine(product: "beans", quantity: 2, unit: "bag"),
          StockLine(product: "beans", quantity: 7),
          StockLine(product: "beans", quantity: 3, unit: "g"),
        ]) == .reserved)
    #expect(try await scene.stock(beans) == [2_500, 1_510])
    #expect(
      try await scene.reserve("o2", lines: [StockLine(product: "beans", quantity: 1, unit: "kg")])
        == .insufficient([StockShortage(product: "beans", wanted: 1_000, available: 990)]))
    // A unit that nobody counts in, and more than any stock holds.
    for line in [
      StockLine(product: "beans", quantity: 1, unit: "lb"),
      StockLine(product: "beans", quantity: SupplyItem.maximumQuantity, unit: "kg"),
      StockLine(product: "beans", quantity: .max, unit: "kg"),
    ] {
      #expect(
        try await scene.reserve("o3", lines: [line])
          == .insufficient([
            StockShortage(
              product: "beans", wanted: line.quantity, available: 0, unit: line.unit)
          ]))
    }
    #expect(try await scene.stock(beans) == [2_500, 1_510])
    try await scene.expectSound()
  }

  @Test("hundreds of orders that race below the limit ask for more once")
  func reorderRace() async throws {
    let scene = try await StockScene()
    let beans = try await scene.keep("beans", 300, reorderAt: 250)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<200 {
        group.addTask { _ = try await scene.reserve("o\(number)", [("beans", 1)]) }
        if number.isMultiple(of: 2) {
          group.addTask { try await scene.release("o\(number)") }
        }
      }
      try await group.waitForAll()
    }
    let item = try await scene.item(beans)
    let told = try await scene.events(beans).filter { $0 == "supply.reordered" }
    #expect(told.count <= 1)
    #expect((item.reorder == nil) == told.isEmpty)
    #expect(told.isEmpty == false || item.available > 250)
    try await scene.expectSound()
  }

  @Test("a request that was overtaken by its order's end sets nothing aside")
  func overtaken() async throws {
    let scene = try await StockScene()
    let beans = try await scene.keep("beans", 10)
    try await scene.release("o1", revision: 2)
    #expect(try await scene.reserve("o1", [("beans", 1)], revision: 1) == .overtaken)
    #expect(try await scene.stock(beans) == [10, 0])
    #expect(try await scene.reserve("o2", [("beans", 1)], revision: 1) == .reserved)
    #expect(try await scene.reserve("o2", [("beans", 4)], revision: 2) == .reserved)
    #expect(try await scene.reserve("o2", [("beans", 1)], revision: 1) == .overtaken)
    #expect(try await scene.stock(beans) == [10, 4])
    try await scene.release("o2", revision: 3)
    try await scene.release("o2", revision: 3)
    #expect(try await scene.stock(beans) == [10, 0])
    try await scene.expectSound()
  }

  @Test("what was used on paper can be returned, unless nobody keeps the product any more")
  func returning() async throws {
    let scene = try await StockScene()
    let beans = try await scene.keep("beans", 10)
    for order in ["o1", "o2"] {
      #expect(try await scene.reserve(order, [("beans", 3)]) == .reserved)
      #expect(try await scene.consume(order) == .consumed)
    }
    try await scene.release("o1")
    #expect(try await scene.stock(beans) == [7, 0])
    let (service, now) = (scene.service, scene.time.now)
    try await scene.database.write {
      _ = try service.change(beans, tenant: StockScene.tenant, now: now, in: $0) { _ in
        .deleted(by: "a")
      }
    }
    try await scene.release("o2")
    #expect(try await scene.reserve("o3", [("beans", 1)]) != .reserved)
    try await scene.expectSound()
  }

  @Test("a reservation ends at its time, once, and only where it has one")
  func expiry() async throws {
    let scene = try await StockScene()
    let beans = try await scene.keep("beans", 10)
    #expect(try await scene.reserve("o1", [("beans", 3)], until: 60) == .reserved)
    #expect(try await scene.reserve("o2", [("beans", 4)]) == .reserved)
    #expect(try await scene.service.expire(limit: 10) == 0)
    scene.time.advance(seconds: 60)
    #expect(try await scene.service.expire(limit: 10) == 1)
    #expect(try await scene.service.expire(limit: 10) == 0)
    #expect(try await scene.stock(beans) == [10, 4])
    #expect(try await scene.consume("o1") == .notHeld)
    #expect(try await scene.reserve("o1", [("beans", 3)], revision: 2) == .reserved)
    #expect(try await scene.stock(beans) == [10, 7])
    try await scene.expectSound()
  }

  @Test("the tables themselves refuse stock below zero, and more reserved than there is")
  func conditions() async throws {
    let scene = try await StockScene()
    let beans = try await scene.keep("beans", 10)
    for change in ["on_hand = -1", "reserved = 11", "reserved = -1"] {
      await #expect {
        try await scene.database.write {
          _ = try $0.execute(
            "UPDATE supplies SET \(change) WHERE supply_id = $1", [.text(beans)])
        }
      } throws: { error in
        if case DatabaseError.checkViolation = error { true } else { false }
      }
    }
  }

  // MARK: Races

  @Test("hundreds of orders that race for little stock never take more than there is")
  func race() async throws {
    let scene = try await StockScene()
    // Each takes both, named in one order or the other.
    let (beans, milk) = (try await scene.keep("beans", 100), try await scene.keep("milk", 90))
    let replies = try await withThrowingTaskGroup(of: (Int, ReserveStockReply).self) { group in
      for number in 0..<400 {
        group.addTask {
          let lines: [(String, Int64)] = [("beans", 1), ("milk", 1)]
          return (
            number,
            try await scene.reserve(
              "o\(number)", number.isMultiple(of: 2) ? lines : lines.reversed())
          )
        }
      }
      return try await group.reduce(into: [Int: ReserveStockReply]()) { $0[$1.0] = $1.1 }
    }
    let winners = replies.filter { $0.value == .reserved }.keys.sorted()
    #expect(winners.count == 90)
    #expect(try await scene.stock(milk) == [90, 90])
    #expect(try await scene.stock(beans) == [100, 90])
    try await scene.expectSound()
    // All at once, and each twice: half of them use what they have, the others give it back.
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in winners + winners {
        group.addTask {
          if number.isMultiple(of: 2) {
            #expect(try await scene.consume("o\(number)") == .consumed)
          } else {
            try await scene.release("o\(number)")
          }
        }
      }
      try await group.waitForAll()
    }
    let used = Int64(winners.filter { $0.isMultiple(of: 2) }.count)
    #expect(try await scene.stock(milk) == [90 - used, 0])
    #expect(try await scene.stock(beans) == [100 - used, 0])
    try await scene.expectSound()
  }

  @Test("requests of one order that race with its end leave nothing set aside", arguments: 0..<8)
  func raceOfOne(round: Int) async throws {
    let scene = try await StockScene()
    let beans = try await scene.keep("beans", 10)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for revision in 1...6 {
        group.addTask {
          _ = try await scene.reserve("o", [("beans", Int64(revision))], revision: Int64(revision))
        }
      }
      group.addTask { try await scene.release("o", revision: 7) }
      group.addTask { _ = try await scene.consume("o") }
      try await group.waitForAll()
    }
    // Used and returned, released, or never held: all of it is there.
    #expect(try await scene.stock(beans) == [10, 0])
    try await scene.expectSound()
  }
}
