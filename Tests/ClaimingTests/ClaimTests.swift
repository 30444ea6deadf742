import Bytes
import ChainTypes
import Claiming
import Testing

@Suite("A claim, by its facts")
struct ClaimTests {
  static let time = Timestamp(seconds: 1_800_000_000)
  static let code = ClaimCode(random: (7, 7))
  static let wrong = ClaimCode(random: (7, 8))
  static let other = ClaimCode(random: (9, 9))
  static let terms = ClaimTerms(
    id: "clm_1", tenant: "roastery", order: "ord_1", location: "old town", region: "eu")

  static func claim(_ facts: [ClaimFact] = []) throws -> Claim {
    var claim = try Claim(
      founding: .issued(terms, code: code.digest(of: terms.id), sequence: 9), at: time)
    for fact in facts { _ = try claim.apply(fact, at: time) }
    return claim
  }

  static let failed = ClaimFact.attemptFailed(by: "bo")
  static let locked = Array(repeating: failed, count: 5)
  static let suspended: [ClaimFact] = [.orderMoved(sequence: 10, to: .held)]
  static let processed: [ClaimFact] = [.processed(by: "bo")]
  static let canceled: [ClaimFact] = [.orderMoved(sequence: 10, to: .canceled)]
  static let assigned: [ClaimFact] = [.courierAssigned(courier: "cy", revision: 1, by: "bo")]
  static let renewed = ClaimFact.renewed(code: other.digest(of: terms.id), by: "bo")

  struct Transition: Sendable, CustomStringConvertible {
    let description: String
    let facts: [ClaimFact]
    let fact: ClaimFact
    let told: [String]
    let status: ClaimStatus

    init(
      _ description: String, _ facts: [ClaimFact], _ fact: ClaimFact, tells told: [String],
      _ status: ClaimStatus
    ) {
      self.description = description
      self.facts = facts
      self.fact = fact
      self.told = told
      self.status = status
    }
  }

  static let transitions = [
    Transition("the code is shown", [], processed[0], tells: ["processed"], .processed),
    Transition("a wrong one is shown", [], failed, tells: ["updated"], .open),
    Transition("the fifth locks it", Array(locked.dropLast()), failed, tells: ["updated"], .open),
    Transition("a new code unlocks it", locked, renewed, tells: ["updated"], .open),
    Transition("its order is held", [], suspended[0], tells: ["updated"], .suspended),
    Transition(
      "its order goes on", suspended, .orderMoved(sequence: 11, to: .ready), tells: ["updated"],
      .open),
    Transition(
      "that it was held is heard again", suspended + [.orderMoved(sequence: 11, to: .ready)],
      suspended[0], tells: [], .open),
    Transition(
      "that it is ready is heard again", [], .orderMoved(sequence: 9, to: .ready), tells: [],
      .open),
    Transition("its order is canceled", [], canceled[0], tells: ["canceled"], .canceled),
    Transition(
      "its held order is canceled", suspended, .orderMoved(sequence: 11, to: .canceled),
      tells: ["canceled"], .canceled),
    Transition(
      "staff hands its order over without the code", [],
      .orderMoved(sequence: 10, to: .completed), tells: ["canceled"], .canceled),
    Transition(
      "its order is completed by it", processed, .orderMoved(sequence: 11, to: .completed),
      tells: [], .processed),
    Transition(
      "an ended claim's order goes on", canceled, .orderMoved(sequence: 11, to: .ready),
      tells: [], .canceled),
    Transition("a courier is named", [], assigned[0], tells: ["updated"], .open),
    Transition("the same is heard again", assigned, assigned[0], tells: [], .open),
    Transition("the courier sets out", assigned, .pickedUp(by: "bo"), tells: ["updated"], .open),
    Transition(
      "it is picked up after all", assigned, .deliveryWithdrawn(by: "bo"), tells: ["updated"],
      .open),
    Transition("no courier was there", [], .deliveryWithdrawn(by: "bo"), tells: [], .open),
  ]

  @Test("each fact leads where it must, and tells so", arguments: transitions)
  func transition(_ transition: Transition) throws {
    var claim = try Self.claim(transition.facts)
    let before = claim.version
    #expect(try claim.apply(transition.fact, at: Self.time) == transition.told)
    #expect(claim.status == transition.status)
    #expect(claim.version == before + (transition.told.isEmpty ? 0 : 1))
  }

  static let refused: [([ClaimFact], ClaimFact, ClaimRefusal)] = [
    (processed, processed[0], .processed), (processed, failed, .processed),
    (processed, renewed, .processed), (processed, assigned[0], .processed),
    (canceled, processed[0], .canceled), (canceled, renewed, .canceled),
    (canceled, .deliveryWithdrawn(by: "bo"), .canceled),
    (suspended, processed[0], .suspended), (suspended, failed, .suspended),
    (suspended + assigned, .pickedUp(by: "bo"), .suspended),
    (locked, processed[0], .locked), (locked, failed, .locked),
    ([], .pickedUp(by: "bo"), .noDelivery),
    ([], .issued(terms, code: code.digest(of: "x"), sequence: 1), .issuedAlready("clm_1")),
  ]

  @Test("what isn't allowed is refused, and changes nothing", arguments: refused.indices)
  func refusals(place: Int) throws {
    let (facts, fact, refusal) = Self.refused[place]
    var claim = try Self.claim(facts)
    let before = claim
    #expect(throws: refusal) { try claim.apply(fact, at: Self.time) }
    #expect(claim == before)
  }

  @Test("only its own code is right, and only the one issued last")
  func showing() throws {
    var claim = try Self.claim()
    #expect(try claim.showing(Self.wrong, by: "bo") == .attemptFailed(by: "bo"))
    #expect(try claim.showing(Self.code, by: "bo") == .processed(by: "bo"))
    _ = try claim.apply(Self.renewed, at: Self.time)
    #expect(try claim.showing(Self.code, by: "bo") == .attemptFailed(by: "bo"))
    #expect(try claim.showing(Self.other, by: "bo") == .processed(by: "bo"))
    for (facts, refusal) in [
      (Self.locked, ClaimRefusal.locked), (Self.suspended, .suspended),
      (Self.canceled, .canceled), (Self.processed, .processed),
    ] {
      let claim = try Self.claim(facts)
      #expect(throws: refusal) { try claim.showing(Self.code, by: "bo") }
      #expect(throws: refusal) { try claim.showing(Self.wrong, by: "bo") }
    }
  }

  @Test("handing over at the door delivers; at the counter nobody has brought anything")
  func delivery() throws {
    var brought = try Self.claim(Self.assigned + [.pickedUp(by: "bo")])
    #expect(brought.kind == .delivery && brought.delivery?.status == .pickedUp)
    _ = try brought.apply(.processed(by: "cy"), at: Self.time)
    #expect(brought.delivery?.status == .delivered)
    var fetched = try Self.claim(Self.assigned)
    _ = try fetched.apply(.processed(by: "bo"), at: Self.time)
    #expect(fetched.kind == .pickup && fetched.delivery == nil)
    // Named anew: the goods are back at the counter.
    var again = try Self.claim(Self.assigned + [.pickedUp(by: "bo")])
    _ = try again.apply(again.assigning("dee", by: "bo"), at: Self.time)
    #expect(again.delivery?.status == .assigned && again.delivery?.revision == 2)
  }

  @Test("whatever comes, an end is an end, and no code is tried too often", arguments: 1...200)
  func lives(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    var claim = try Self.claim()
    var tries: Int64 = 0
    for _ in 0..<60 {
      let before = claim
      let fact: ClaimFact =
        switch Int.random(in: 0..<12, using: &generator) {
        case 0...3:
          .orderMoved(
            sequence: .random(in: 1...40, using: &generator),
            to: Bool.random(using: &generator)
              ? .ready : ClaimedOrder.allCases.randomElement(using: &generator) ?? .held)
        case 4...7: Self.failed
        case 8: Bool.random(using: &generator) ? Self.renewed : .processed(by: "bo")
        case 9: claim.assigning("cy", by: "bo")
        case 10: .pickedUp(by: "bo")
        default: .deliveryWithdrawn(by: "bo")
        }
      do {
        let told = try claim.apply(fact, at: Self.time)
        #expect(told.isEmpty == (claim == before), "seed \(seed)")
        if fact == Self.failed { tries += 1 }
        if case .renewed = fact { tries = 0 }
      } catch {
        #expect(claim == before, "seed \(seed)")
      }
      #expect(tries <= Claim.attemptLimit, "seed \(seed)")
      #expect(claim.isLocked == (tries == Claim.attemptLimit), "seed \(seed)")
      if before.status.hasEnded { #expect(claim == before, "seed \(seed)") }
    }
  }
}
