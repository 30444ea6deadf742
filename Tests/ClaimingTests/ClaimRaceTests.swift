import Bytes
import ChainTypes
import Claiming
import Database
import Deployment
import EventLog
import GatewayFixtures
import LoopbackHTTP
import TestDatabases
import Testing

@Suite("Many who claim one order at once")
struct ClaimRaceTests {
  private static let tenant = "roastery"
  private static let now = TestTime.start

  /// Several processes' ways to one database.
  private struct Shop: Sendable {
    let handles: [any Database]
    let claim: String
    let code: ClaimCode

    func service(_ process: Int) -> ClaimService {
      ClaimService(database: handles[process], region: "eu")
    }

    func show(_ code: ClaimCode, in process: Int) async throws -> ClaimService.Answer {
      let (service, claim) = (service(process), claim)
      return try await handles[process].groupedWrite(as: tenant) { connection in
        try service.show(
          code, for: claim, tenant: tenant, by: "process \(process)", now: now, in: connection)
      }
    }

    /// What all of them come to, in a random order of beginning.
    func race(
      _ codes: [ClaimCode]
    ) async -> (processed: Int, wrong: [Int64], refused: [ClaimRefusal], others: [String]) {
      await withTaskGroup(of: Result<ClaimService.Answer, any Error>.self) { group in
        for (number, code) in codes.shuffled().enumerated() {
          group.addTask {
            do {
              return .success(try await show(code, in: number % handles.count))
            } catch {
              return .failure(error)
            }
          }
        }
        var (processed, wrong) = (0, [Int64]())
        var (refused, others) = ([ClaimRefusal](), [String]())
        for await result in group {
          switch result {
          case .success(.processed): processed += 1
          case .success(.wrong(let left)): wrong.append(left)
          case .failure(let refusal as ClaimRefusal): refused.append(refusal)
          case .failure(let error): others.append("\(error)")
          }
        }
        return (processed, wrong, refused, others)
      }
    }

    func facts() async throws -> Int64 {
      try await handles[0].read {
        try $0.queryFirst("SELECT COUNT(*) AS n FROM claim_facts")?.integer("n") ?? -1
      }
    }

    func types() async throws -> [String] {
      let claim = claim
      return try await handles[0].read {
        try EventLog.events(of: claim, limit: 1_000, in: $0).map(\.type)
      }
    }

    var tenant: String { ClaimRaceTests.tenant }
    var now: Timestamp { ClaimRaceTests.now }
  }

  private static func open(
    _ engine: TestEngine, _ body: (Shop) async throws -> Void
  ) async throws {
    let store = try await TestStore(engine)
    defer { withExtendedLifetime(store) {} }
    let handles = try (0..<4).map { _ in try store.open() }
    try await Schema.migrate(handles[0])
    let code = ClaimCode(random: (.random(in: .min ... .max), 1))
    let claim = try await handles[0].write { connection in
      let id = "clm_1"
      let terms = ClaimTerms(
        id: id, tenant: tenant, order: "ord_1", location: "old town", region: "eu")
      return try ClaimRecords().issue(terms, code, sequence: 1, now: now, in: connection).id
    }
    try await body(Shop(handles: handles, claim: claim, code: code))
    for handle in handles { try await handle.close() }
  }

  @Test("of hundreds with the code, one is handed the order", arguments: TestEngine.allCases)
  func oneWins(engine: TestEngine) async throws {
    try await Self.open(engine) { shop in
      let (processed, wrong, refused, others) = await shop.race(
        Array(repeating: shop.code, count: 300))
      #expect(processed == 1 && wrong == [] && others == [])
      #expect(refused == Array(repeating: .processed, count: 299))
      let (facts, types) = (try await shop.facts(), try await shop.types())
      #expect(facts == 2 && types == ["claim.created", "claim.processed"])
    }
  }

  @Test(
    "of hundreds with wrong codes, five are heard; then the right one is worth nothing",
    arguments: TestEngine.allCases)
  func attempts(engine: TestEngine) async throws {
    try await Self.open(engine) { shop in
      let guesses = (0..<200).map { ClaimCode(random: (UInt64($0), 2)) }
      let (processed, wrong, refused, others) = await shop.race(guesses)
      #expect(processed == 0 && others == [])
      #expect(wrong.sorted() == [0, 1, 2, 3, 4])
      #expect(refused == Array(repeating: .locked, count: 195))
      #expect(try await shop.facts() == 6)
      await #expect(throws: ClaimRefusal.locked) { try await shop.show(shop.code, in: 1) }
      let (renewed, service) = (ClaimCode(random: (3, 3)), shop.service(2))
      _ = try await shop.handles[2].groupedWrite(as: Self.tenant) { connection in
        try service.renew(
          shop.claim, tenant: Self.tenant, code: renewed, by: "bo", now: Self.now, in: connection)
      }
      #expect(try await shop.show(shop.code, in: 3) == .wrong(attemptsLeft: 4))
      guard case .processed = try await shop.show(renewed, in: 0) else {
        Issue.record("the new code isn't taken")
        return
      }
    }
  }

  @Test(
    "right and wrong ones at once: never two hand-overs, never more than five wrong ones",
    arguments: TestEngine.allCases, 0..<4)
  func mixed(engine: TestEngine, round: Int) async throws {
    try await Self.open(engine) { shop in
      let codes =
        (0..<40).map { ClaimCode(random: (UInt64($0), 2)) }
        + Array(repeating: shop.code, count: 3 + round)
      let (processed, wrong, refused, others) = await shop.race(codes)
      #expect(processed <= 1 && wrong.count <= 5 && others == [])
      // It ended one way or the other, and each was told how.
      #expect(processed == 1 || wrong.count == 5)
      #expect(processed + wrong.count + refused.count == codes.count)
      let facts = try await shop.facts()
      #expect(facts == Int64(1 + processed + wrong.count))
    }
  }

  @Test("an order that several hear is ready gets one claim", arguments: TestEngine.allCases)
  func oneClaim(engine: TestEngine) async throws {
    try await Self.open(engine) { shop in
      let event = CloudEvent(
        id: ChainByHand.hash("ready"), type: "order.ready", subject: "ord_2", sequence: 7,
        tenant: Self.tenant, time: Self.now,
        data: #"{"id":"ord_2","location":"old town","status":"ready"}"#)
      // Beneath the inbox, which lets one of them in.
      let failures = await withTaskGroup(of: (any Error)?.self) { group in
        for number in 0..<40 {
          let database = shop.handles[number % shop.handles.count]
          group.addTask {
            let events = OrderEvents(
              region: "eu", now: { Self.now },
              random: { (.random(in: .min ... .max), .random(in: .min ... .max)) })
            do {
              try await database.write {
                try events.handle(ReceivedEvent(event, at: EventPlace(.log, 1)), in: $0)
              }
              return nil
            } catch {
              return error
            }
          }
        }
        return await group.reduce(into: [any Error]()) { failures, error in
          if let error { failures.append(error) }
        }
      }
      // Who came at the same moment is refused by the table, and finds the claim when asking again.
      for failure in failures {
        #expect((failure as? DatabaseError)?.isConstraintViolation == true, "\(failure)")
      }
      let claims = try await shop.handles[0].read {
        try $0.query("SELECT claim_id FROM claims WHERE order_id = 'ord_2'").count
      }
      #expect(claims == 1)
    }
  }
}
