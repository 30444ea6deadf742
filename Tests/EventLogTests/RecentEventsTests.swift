import Testing

@testable import EventLog

@Suite("The latest events by what they are about")
struct RecentEventsTests {
  @Test("tell whether there is one behind a position")
  func behind() {
    var recent = RecentEvents(after: 10)
    recent.note([.subject("a"), .tenant("t")], at: 12)
    recent.reach(15)
    #expect(recent.through == 15)
    #expect(recent.mayKnow(.subject("a"), after: 11))
    #expect(!recent.mayKnow(.subject("a"), after: 12))
    #expect(recent.mayKnow(.tenant("t"), after: 11))
    #expect(!recent.mayKnow(.subject("b"), after: 10))
    #expect(recent.mayKnow(.subject("b"), after: 9), "nothing is known of what came before")
  }

  @Test("what is forgotten may have been anything")
  func forgotten() {
    var recent = RecentEvents(after: 0, limit: 4)
    for position in 1...40 {
      let key = EventKey.subject(position.isMultiple(of: 2) ? "even" : "\(position)")
      recent.note([key], at: Int64(position))
    }
    #expect(!recent.mayKnow(.subject("1"), after: 36))
    #expect(recent.mayKnow(.subject("1"), after: 35))
    #expect(recent.mayKnow(.subject("even"), after: 39))
    #expect(!recent.mayKnow(.subject("even"), after: 40))
    #expect(recent.mayKnow(.subject("37"), after: 36))
  }
}
