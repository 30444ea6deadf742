import ChainTypes
import Testing

@testable import Notifications

@Suite("When deliveries are tried again")
struct DeliveryPlanTests {
  private let now = Timestamp(seconds: 1_800_000_000)

  @Test("pauses grow fourfold from five seconds to eight hours, a quarter more or less")
  func pauses() {
    let middle: [Int64] = [5, 20, 80, 320, 1_280, 5_120, 20_480, 28_800, 28_800]
    for (index, seconds) in middle.enumerated() {
      let attempt = Int64(index + 1)
      #expect(DeliverySchedule.pause(after: attempt, random: 0) == seconds * 750)
      let longest =
        (0..<2_000).map {
          DeliverySchedule.pause(after: attempt, random: UInt64($0) &* 0x9e37_79b9_7f4a_7c15)
        }.max() ?? 0
      #expect(longest <= seconds * 1_250 && longest > seconds * 1_200)
    }
    for attempt in [0, -3, 1_000, Int64.max] {
      let pause = DeliverySchedule.pause(after: attempt, random: .max)
      #expect((3_750...36_000_000).contains(pause))
    }
  }

  @Test("all of it takes three days, with the last attempt at their end")
  func life() throws {
    for random: UInt64 in [0, 1_234_567, .max] {
      let expiry = now.adding(seconds: DeliverySchedule.lifeSeconds)
      var moments = [now]
      while let next = DeliverySchedule.next(
        after: Int64(moments.count), at: moments[moments.count - 1], expiring: expiry,
        random: random)
      { moments.append(next) }
      #expect(moments.last == expiry)
      #expect((14...20).contains(moments.count))
    }
  }

  @Test("a target's wish to be left alone lengthens a pause, up to a day, and never shortens one")
  func patience() throws {
    let expiry = now.adding(seconds: DeliverySchedule.lifeSeconds)
    func pause(_ attempt: Int64, _ patience: Int64?) throws -> Int64 {
      let next = try #require(
        DeliverySchedule.next(
          after: attempt, at: now, expiring: expiry, patienceSeconds: patience, random: 0))
      return (next.microseconds - now.microseconds) / 1_000
    }
    #expect(try pause(1, 120) == 120_000)
    #expect(try pause(1, 1) == 3_750)
    #expect(try pause(1, .min) == 3_750)
    #expect(try pause(1, .max) == 86_400_000)
    #expect(try pause(8, 60) == 21_600_000)
  }

  @Test("five failures in a row make a target pause, longer with each, up to a quarter of an hour")
  func breaker() {
    var health = TargetHealth()
    for _ in 1...4 { health.fail(at: now) }
    #expect(health.isFailing && health.pausedUntil <= now)
    for seconds: Int64 in [10, 20, 40, 80, 160, 320, 640, 900, 900] {
      health.fail(at: now)
      #expect(health.pausedUntil == now.adding(seconds: seconds))
    }
    health.resume(at: now)
    #expect(health.pausedUntil == now)
    health.succeed()
    #expect(health == TargetHealth())
    health.fail(at: now, patienceSeconds: 60)
    #expect(health.pausedUntil == now.adding(seconds: 60))
  }

  @Test("a target that fails for three days without a success is given up")
  func givingUp() {
    var health = TargetHealth()
    #expect(!health.isGivenUp(at: now))
    health.fail(at: now)
    #expect(!health.isGivenUp(at: now.adding(seconds: 3 * 86_400 - 1)))
    #expect(health.isGivenUp(at: now.adding(seconds: 3 * 86_400)))
    health.succeed()
    #expect(!health.isGivenUp(at: now.adding(seconds: 30 * 86_400)))
  }

  @Test("failures that lie days apart, between which nothing was tried, don't add up")
  func episodes() {
    var health = TargetHealth()
    health.fail(at: now)
    let later = now.adding(seconds: 4 * 86_400)
    health.fail(at: later)
    #expect(!health.isGivenUp(at: later) && health.failures == 2)
    // Not even a target that asks for the longest pause escapes by that.
    for day: Int64 in 1...3 {
      #expect(!health.isGivenUp(at: later.adding(seconds: day * 86_400 - 1)))
      health.fail(at: later.adding(seconds: day * 86_400), patienceSeconds: 86_400)
    }
    #expect(health.isGivenUp(at: later.adding(seconds: 3 * 86_400)))
  }

  @Test("a note keeps so many bytes, whole characters and none that PostgreSQL can't")
  func notes() {
    let note = AttemptNote(
      String(repeating: "é", count: 400), answer: "a\0b" + String(repeating: "日", count: 500))
    #expect(note.detail.utf8.count == 500)
    #expect(note.answer?.hasPrefix("a\u{fffd}b") == true)
    #expect((note.answer?.utf8.count ?? 0) <= 1_024)
  }
}
