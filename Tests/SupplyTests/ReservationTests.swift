import ChainTypes
import Supply
import Testing

@Suite("What an order has set aside")
struct ReservationTests {
  private typealias Move = Reservation.Move

  private static func held(
    _ lines: [String: Int64] = ["a": 2, "b": 3], revision: Int64 = 1, until: Int64? = nil
  ) -> Reservation {
    var reservation = Reservation()
    _ = reservation.reserve(
      lines, revision: revision, until: until.map { Timestamp(seconds: $0) })
    return reservation
  }

  @Test("the first request sets its lines aside, supply by supply in one order")
  func first() {
    var reservation = Reservation()
    #expect(reservation.takes(1))
    let moves = reservation.reserve(["b": 3, "a": 2], revision: 1, until: nil)
    #expect(moves == [Move(.reserve, 2, of: "a"), Move(.reserve, 3, of: "b")])
    #expect(reservation.status == .held)
  }

  @Test("a later revision moves the difference only")
  func difference() {
    var reservation = Self.held()
    let moves = reservation.reserve(["b": 1, "c": 4, "a": 2], revision: 5, until: nil)
    #expect(moves == [Move(.release, 2, of: "b"), Move(.reserve, 4, of: "c")])
  }

  @Test("a repeated or belated revision isn't taken, whatever became of it")
  func belated() {
    var reservation = Self.held(revision: 4)
    #expect(!reservation.takes(3) && !reservation.takes(4) && reservation.takes(5))
    _ = reservation.release(revision: 6)
    #expect(!reservation.takes(6) && reservation.takes(7))
  }

  @Test("what was given up before it was asked for isn't set aside any more")
  func overtaken() {
    var reservation = Reservation()
    #expect(reservation.release(revision: 2) == [])
    #expect(reservation.status == .released)
    #expect(!reservation.takes(1))
  }

  @Test("stock is used once, and then no longer released but returned")
  func consuming() {
    var reservation = Self.held()
    #expect(reservation.consume() == [Move(.consume, 2, of: "a"), Move(.consume, 3, of: "b")])
    #expect(reservation.consume() == [])
    #expect(!reservation.takes(9))
    #expect(
      reservation.release(revision: 2) == [Move(.return, 2, of: "a"), Move(.return, 3, of: "b")])
    #expect(reservation.status == .returned)
    #expect(reservation.release(revision: 3) == [])
    #expect(!reservation.takes(9))
  }

  @Test("stock is released once, by a later revision only")
  func releasing() {
    var reservation = Self.held(revision: 3)
    #expect(reservation.release(revision: 3) == [])
    #expect(reservation.status == .held)
    #expect(
      reservation.release(revision: 4) == [Move(.release, 2, of: "a"), Move(.release, 3, of: "b")])
    #expect(reservation.release(revision: 5) == [])
    #expect(reservation.consume() == [])
  }

  @Test("it expires at its time, and never where it has none; a later revision holds again")
  func expiry() {
    var reservation = Self.held(["a": 2], until: 100)
    #expect(reservation.expire(at: Timestamp(seconds: 99)) == [])
    #expect(reservation.expire(at: Timestamp(seconds: 100)) == [Move(.release, 2, of: "a")])
    #expect(reservation.status == .expired)
    #expect(reservation.consume() == [])
    #expect(
      reservation.reserve(["a": 1], revision: 2, until: nil) == [Move(.reserve, 1, of: "a")])
    #expect(reservation.expire(at: Timestamp(seconds: 1_000_000)) == [])
    #expect(reservation.status == .held)
  }
}
