import Bytes
import ChainTypes
import Database
import Payments
import Settlement
import TestDatabases
import Testing

@Suite("Addresses set aside by processes that make payments", .serialized)
struct AddressReserveTests {
  /// A process of its own on the world's database.
  private struct API: Sendable {
    let service: PaymentService
    let database: any Database

    init(_ world: World, reserve: Int = 8, database: (any Database)? = nil) {
      service = PaymentService(
        specs: [world.spec], policies: [World.tenant: world.policy], region: World.region,
        reserve: reserve)
      self.database = database ?? world.database
    }

    @discardableResult
    func create(
      _ request: PaymentRequest, now: Timestamp = World.start, random: UInt64 = 1,
      onAddress: @escaping @Sendable (Bool) -> Void = { _ in },
      failing error: (any Error)? = nil
    ) async throws -> Payment {
      try await service.withAddress(for: request, now: now, on: database) { address in
        onAddress(address != nil)
        return try await database.groupedWrite { connection in
          let payment = try service.create(
            request, at: address, now: now, random: (random, random), in: connection)
          if let error { throw error }
          return payment
        }
      }
    }
  }

  private struct Failure: Error {}

  @Test(
    "two processes hand out different addresses from ranges of their own",
    arguments: TestEngine.allCases)
  func ranges(_ engine: TestEngine) async throws {
    let store = try await TestStore(engine)
    let world = try await World.make(in: store, ready: 40)
    let other = try store.open()
    let (first, second) = (API(world), API(world, database: other))
    var ordinals: [[UInt64]] = [[], []]
    for number in 0..<6 {
      for (place, api) in [first, second].enumerated() {
        let request = world.request("order-\(place)-\(number)")
        ordinals[place].append(
          try await api.create(request, random: UInt64(number * 2 + place)).terms.ordinal)
      }
    }
    #expect(ordinals == [[1, 2, 3, 4, 5, 6], [9, 10, 11, 12, 13, 14]])
    for range in [
      "first_ordinal = 1 AND last_ordinal = 8", "first_ordinal = 9 AND last_ordinal = 16",
    ] {
      #expect(try await world.count("address_reservations WHERE \(range)") == 1)
    }
    #expect(try await world.differences() == [])
    try await other.close()
    try await world.database.close()
  }

  @Test(
    "many at once in two processes each get an address, and all that are ready are used up",
    arguments: TestEngine.allCases)
  func concurrent(_ engine: TestEngine) async throws {
    let store = try await TestStore(engine)
    let world = try await World.make(in: store, ready: 60)
    let other = try store.open()
    let apis = [API(world, reserve: 16), API(world, reserve: 16, database: other)]
    let requests = (0..<60).map { world.request("order-\($0)") }
    let payments = try await withThrowingTaskGroup(of: Payment.self) { group in
      for (number, request) in requests.enumerated() {
        group.addTask { try await apis[number % 2].create(request, random: UInt64(number)) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(payments.map(\.terms.ordinal)) == Set(1...60))
    #expect(Set(payments.map(\.terms.id)).count == 60)
    // What one has set aside keeps nobody from the last address.
    await #expect(throws: PaymentRefusal.noAddressReady(chain: world.spec.name.text)) {
      try await apis[0].create(world.request("one-more"))
    }
    #expect(try await world.differences() == [])
    try await other.close()
    try await world.database.close()
  }

  @Test(
    "a payment that isn't made gives its address back, whatever failed",
    arguments: TestEngine.allCases)
  func givingBack(_ engine: TestEngine) async throws {
    let store = try await TestStore(engine)
    let world = try await World.make(in: store, ready: 12)
    let api = API(world)
    let first = try await api.create(world.request("order-1"))
    await #expect(throws: PaymentRefusal.orderHasPayment(first.terms.id)) {
      try await api.create(world.request("order-1"))
    }
    var tooSmall = world.request("order-2")
    tooSmall.amount = 1
    let wrong = tooSmall
    await #expect(throws: PaymentRefusal.amountTooSmall(minimum: 546)) {
      try await api.create(wrong)
    }
    await #expect(throws: Failure.self) {
      try await api.create(world.request("order-2"), failing: Failure())
    }
    #expect(try await world.count("addresses WHERE payment_id IS NOT NULL") == 1)
    #expect(try await api.create(world.request("order-2"), random: 2).terms.ordinal == 2)
    #expect(try await world.differences() == [])
    try await world.database.close()
  }

  @Test("what is set aside but taken, or paid, is never handed out", arguments: TestEngine.allCases)
  func stale(_ engine: TestEngine) async throws {
    let store = try await TestStore(engine)
    let world = try await World.make(in: store, ready: 12)
    let api = API(world)
    #expect(try await api.create(world.request("order-1")).terms.ordinal == 1)
    // Another process that found nothing else takes 2, and someone pays 3.
    try await world.write("UPDATE addresses SET payment_id = 'other' WHERE ordinal = 2")
    try await world.mine(.init(transaction: "early", ordinal: 3, value: 5_000))
    // Each is noticed once, and the payment made with one that nobody has set aside.
    #expect(try await api.create(world.request("order-2"), random: 2).terms.ordinal == 9)
    #expect(try await api.create(world.request("order-3"), random: 3).terms.ordinal == 10)
    #expect(try await api.create(world.request("order-4"), random: 4).terms.ordinal == 4)
    #expect(try await world.count("payments WHERE ordinal = 3") == 0)
    try await world.database.close()
  }

  @Test(
    "what a process had set aside when it died comes back when the reservation ends",
    arguments: TestEngine.allCases)
  func death(_ engine: TestEngine) async throws {
    let store = try await TestStore(engine)
    let world = try await World.make(in: store, ready: 12)
    #expect(try await API(world).create(world.request("order-1")).terms.ordinal == 1)
    // The process is gone; another leaves its range alone while there is something else.
    let next = API(world, reserve: 2)
    #expect(try await next.create(world.request("order-2"), random: 2).terms.ordinal == 9)
    try await world.write("UPDATE address_reservations SET expires_at = 1")
    #expect(
      try await API(world).create(world.request("order-3"), random: 3).terms.ordinal == 2)
    #expect(try await world.count("address_reservations") == 1)
    try await world.database.close()
  }

  @Test(
    "a process stops using what it set aside before others may set it aside",
    arguments: TestEngine.allCases)
  func ending(_ engine: TestEngine) async throws {
    let store = try await TestStore(engine)
    let world = try await World.make(in: store, ready: 12)
    let api = API(world)
    #expect(try await api.create(world.request("order-1")).terms.ordinal == 1)
    // In the database the reservation goes on, so what it finds now lies behind.
    let later = World.start.adding(seconds: 50)
    #expect(
      try await api.create(world.request("order-2"), now: later, random: 2).terms.ordinal == 9)
    try await world.database.close()
  }

  @Test(
    "nothing is set aside above the barrier, and nothing handed out on a halted chain",
    arguments: TestEngine.allCases)
  func barrierAndHalt(_ engine: TestEngine) async throws {
    let store = try await TestStore(engine)
    let world = try await World.make(in: store, ready: 3)
    try await world.write("UPDATE chains SET addresses_through = 1")
    let api = API(world)
    #expect(try await api.create(world.request("order-1")).terms.ordinal == 1)
    await #expect(throws: PaymentRefusal.noAddressReady(chain: world.spec.name.text)) {
      try await api.create(world.request("order-2"), random: 2)
    }
    try await world.write("UPDATE chains SET addresses_through = 3")
    let later = World.start.adding(seconds: 1)
    #expect(
      try await api.create(world.request("order-2"), now: later, random: 2).terms.ordinal == 2)
    try await world.write("UPDATE chains SET halt = 'finality was broken'")
    await #expect(
      throws: PaymentRefusal.chainHalted(world.spec.name.text, reason: "finality was broken")
    ) { try await api.create(world.request("order-3"), now: later, random: 3) }
    #expect(try await world.count("payments") == 2)
    try await world.database.close()
  }

  @Test(
    "what others have set aside is stepped over, wherever it lies",
    arguments: TestEngine.allCases)
  func gaps(_ engine: TestEngine) async throws {
    let store = try await TestStore(engine)
    let world = try await World.make(in: store, ready: 20)
    // Two that overlap, and one that is alone.
    for (first, last) in [(3, 4), (4, 9), (12, 12)] {
      try await world.write(
        """
        INSERT INTO address_reservations (account_id, first_ordinal, last_ordinal, expires_at)
        SELECT account_id, \(first), \(last), 9000000000000000 FROM accounts
        """)
    }
    let api = API(world)
    var ordinals: [UInt64] = []
    for number in 0..<10 {
      let request = world.request("order-\(number)")
      ordinals.append(try await api.create(request, random: UInt64(number)).terms.ordinal)
    }
    #expect(ordinals == [1, 2, 10, 11, 13, 14, 15, 16, 17, 18])
    #expect(
      try await world.count("address_reservations WHERE first_ordinal = 1 AND last_ordinal = 16")
        == 1)
    try await world.database.close()
  }

  @Test("a creation with an address at hand asks nothing", arguments: TestEngine.allCases)
  func questions(_ engine: TestEngine) async throws {
    let store = try await TestStore(engine)
    let world = try await World.make(in: store, ready: 12)
    let counting = CountingDatabase(world.database)
    let api = API(world, database: counting)
    try await api.create(world.request("order-1"))
    counting.reset()
    try await api.create(world.request("order-2"), random: 2)
    // SQLite's id is above the tenant's last one, which is a look into an index.
    #expect(counting.questions == (engine == .sqlite ? 1 : 0))
    // Address, payment, subject and event, and in SQLite the event's place.
    #expect(counting.statements == (engine == .sqlite ? 5 : 4))
    #expect(counting.transactions == 1)
    try await world.database.close()
  }
}
