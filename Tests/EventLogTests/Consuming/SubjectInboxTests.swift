import Bytes
import Testing

@testable import EventLog

@Suite("What follows for an event of a subject")
struct SubjectInboxTests {
  private static let place = EventPlace(.log, 1)

  private static func id(_ number: UInt8) -> Hash32 {
    Hash32([UInt8](repeating: number, count: 32)) ?? .zero
  }

  private static func inbox(through last: Int64) -> SubjectInbox {
    var inbox = SubjectInbox()
    for sequence in 1...last { inbox.advance(to: sequence, id: id(UInt8(sequence))) }
    return inbox
  }

  private static func waiting(
    _ sequence: Int64?, _ reason: ParkReason, at offset: Int64 = 1
  ) -> SubjectInbox.Parked {
    .init(
      place: EventPlace(.log, offset), sequence: sequence,
      id: sequence.map { id(UInt8($0)) }, reason: reason)
  }

  @Test("from the beginning a subject starts with number 1, from now with any")
  func baseline() {
    let fresh = SubjectInbox()
    #expect(fresh.decide(sequence: 1, id: Self.id(1), start: .beginning) == .handle)
    #expect(fresh.decide(sequence: 2, id: Self.id(2), start: .beginning) == .gap(expected: 1))
    #expect(fresh.decide(sequence: 7, id: Self.id(7), start: .now) == .handle)
  }

  @Test("what was handled is a duplicate with the same id and a fork with another")
  func handled() {
    let inbox = Self.inbox(through: 40)
    for sequence: Int64 in 9...40 {
      let id = Self.id(UInt8(sequence))
      #expect(inbox.decide(sequence: sequence, id: id, start: .beginning) == .duplicate)
      #expect(
        inbox.decide(sequence: sequence, id: Self.id(99), start: .now) == .fork(known: id))
    }
    // Its id is no longer known.
    #expect(inbox.decide(sequence: 8, id: Self.id(99), start: .beginning) == .duplicate)
    #expect(inbox.recentIDs.count == SubjectInbox.rememberedIDs)
  }

  @Test("the next one is handled, one beyond is a gap")
  func order() {
    let inbox = Self.inbox(through: 3)
    #expect(inbox.decide(sequence: 4, id: Self.id(4), start: .beginning) == .handle)
    #expect(inbox.decide(sequence: 5, id: Self.id(5), start: .beginning) == .gap(expected: 4))
  }

  @Test("what waits is known, and a rival of it is a fork")
  func parkedRivals() {
    var inbox = Self.inbox(through: 3)
    inbox.park(Self.waiting(5, .gap))
    #expect(inbox.decide(sequence: 5, id: Self.id(5), start: .beginning) == .duplicate)
    #expect(
      inbox.decide(sequence: 5, id: Self.id(99), start: .beginning) == .fork(known: Self.id(5)))
    #expect(inbox.decide(sequence: 4, id: Self.id(4), start: .beginning) == .handle)
  }

  @Test(
    "later events wait behind what was parked for its own sake",
    arguments: ParkReason.allCases.filter(\.isBlocking))
  func blocked(reason: ParkReason) {
    var inbox = Self.inbox(through: 3)
    inbox.park(Self.waiting(reason == .malformed ? nil : 4, reason))
    #expect(inbox.decide(sequence: 5, id: Self.id(5), start: .beginning) == .behind)
    #expect(inbox.decide(sequence: 3, id: Self.id(3), start: .beginning) == .duplicate)
    #expect(inbox.ready(start: .beginning) == nil)
    inbox.remove(Self.place)
    #expect(!inbox.isBlocked)
    #expect(inbox.decide(sequence: 4, id: Self.id(4), start: .beginning) == .handle)
  }

  @Test("of what waits, only the next event's turn has come")
  func ready() {
    var inbox = Self.inbox(through: 3)
    inbox.park(Self.waiting(6, .gap, at: 1))
    inbox.park(Self.waiting(5, .gap, at: 2))
    #expect(inbox.ready(start: .beginning) == nil)
    inbox.advance(to: 4, id: Self.id(4))
    #expect(inbox.ready(start: .beginning)?.sequence == 5)
  }

  @Test("a gap that an operator accepts makes the first that waits the next")
  func acceptedGap() {
    var inbox = Self.inbox(through: 3)
    #expect(inbox.acceptGap(start: .beginning) == nil)
    inbox.park(Self.waiting(7, .gap, at: 1))
    inbox.park(Self.waiting(8, .gap, at: 2))
    #expect(inbox.acceptGap(start: .beginning) == 4...6)
    #expect(inbox.ready(start: .beginning)?.sequence == 7)
    #expect(inbox.acceptGap(start: .beginning) == nil)
  }

  @Test("places and partitions are read as they are written")
  func places() {
    let place = EventPlace(EventPartition(topic: "payment-events", number: 3), 1_234)
    #expect(place.description == "payment-events/3@1234")
    #expect(EventPlace(place.description) == place)
    for text in ["", "x", "a/1", "a/b@1", "/1@1", "a/1@-1", "a/-1@1", "a/1@x", "a@1"] {
      #expect(EventPlace(text) == nil, "\(text)")
    }
  }

  @Test("a consumer is asked about its types, and about versions of them that it doesn't know")
  func interest() {
    let interest = EventInterest(types: ["payment.paid", "order.ready.v2"])
    #expect(interest.answer(to: "payment.paid") == .wanted)
    #expect(interest.answer(to: "payment.paid.v2") == .unsupported)
    #expect(interest.answer(to: "order.ready.v2") == .wanted)
    #expect(interest.answer(to: "order.ready.v3") == .unsupported)
    #expect(interest.answer(to: "payment.created") == .passedOver)
    #expect(interest.answer(to: "payment.created.v2") == .passedOver)
    #expect(EventInterest.all.answer(to: "payment.paid.v9") == .wanted)
  }
}
