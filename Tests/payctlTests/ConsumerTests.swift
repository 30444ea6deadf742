import ChainTypes
import Database
import EventLog
import SQLite
import TestSupport
import Testing

@Suite("payctl consumer")
struct ConsumerTests {
  private struct ListedConsumer: Decodable {
    let consumer: String
    let starts: String
    let parked: Int
    let places: [Place]

    struct Place: Decodable {
      let partition: String
      let next: Int
    }
  }

  private struct Parked: Decodable {
    let place: String
    let subject: String?
    let sequence: Int?
    let reason: String
    let detail: String
    let message: String?
  }

  /// A consumer of the sample's log that refuses its payments' first events, run until nothing is
  /// left to do.
  private func consume(
    _ sample: SampleDatabase, refusing: Bool
  ) async throws -> ConsumerOutcome {
    let database = try SQLiteDatabase(path: sample.path)
    try await Sequencer(database: database).drain()
    let consumer = try Consumer(
      name: "orders", source: LogSource(database: database, feed: EventFeed()),
      database: database, now: { Timestamp(seconds: 2_000_000_000) },
      handler: { received, _ in
        if refusing, received.event.type == "payment.created" { throw EventRefusal("not now") }
      })
    let outcome = try await consumer.drain()
    try await database.close()
    return outcome
  }

  private func parked(_ sample: SampleDatabase, _ more: String...) throws -> [Parked] {
    let outcome = try sample.payctl(
      arguments: ["consumer", "parked", "orders", "--format", "json"] + more)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try outcome.objects(Parked.self)
  }

  @Test("what a consumer has put aside is listed, shown, tried again and skipped")
  func decisions() async throws {
    let sample = try await SampleDatabase()
    let early = try sample.payctl("consumer", "list")
    #expect(early.status != 0)
    #expect(early.errors.contains("no consumer has ever run"))
    _ = try await consume(sample, refusing: true)
    let listed = try sample.payctl("consumer", "list", "--format", "json")
    let consumers = try listed.objects(ListedConsumer.self)
    #expect(consumers.map(\.consumer) == ["orders"])
    #expect(consumers.first?.places.first?.partition == "log/0")

    let refused = try parked(sample).filter { $0.reason == "refused" }
    #expect(Set(refused.compactMap(\.subject)) == [sample.partly, sample.empty])
    #expect(refused.allSatisfy { $0.detail == "not now" && $0.sequence == 1 })
    let first = try #require(refused.first { $0.subject == sample.partly })
    let second = try #require(refused.first { $0.subject == sample.empty })
    let shown = try sample.payctl("consumer", "show", "orders", first.place)
    #expect(shown.output.contains(#""type":"payment.created""#))

    let skipped = try sample.payctl(
      "consumer", "skip", "orders", first.place, "--by", "ada")
    #expect(skipped.status == 0, "\(skipped.errors)")
    let retried = try sample.payctl("consumer", "retry", "orders", second.place)
    #expect(retried.status == 0, "\(retried.errors)")
    _ = try await consume(sample, refusing: false)
    #expect(try parked(sample).isEmpty)
    #expect(try parked(sample, "--skipped").map(\.detail) == ["skipped by ada: refused"])

    let replayed = try sample.payctl("consumer", "replay", "orders")
    #expect(replayed.status == 0, "\(replayed.errors)")
    let again = try await consume(sample, refusing: true)
    #expect(again.handled == 0 && again.parked == 0 && again.duplicates > 2)
  }

  @Test("what can't be decided is said in words")
  func refusals() async throws {
    let sample = try await SampleDatabase()
    _ = try await consume(sample, refusing: false)
    for (arguments, sentence) in [
      (["retry", "orders", "log/0@1"], "nothing is parked at log/0@1"),
      (["skip", "nobody", "log/0@1", "--by", "ada"], "there is no consumer nobody"),
      (["accept-gap", "orders", "pay_x"], "nothing is missing"),
      (["show", "orders", "log"], "log is no place"),
      (["replay", "orders", "--from", "log"], "log is no place"),
    ] {
      let outcome = try sample.payctl(arguments: ["consumer"] + arguments)
      #expect(outcome.status != 0)
      #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
    }
  }
}
