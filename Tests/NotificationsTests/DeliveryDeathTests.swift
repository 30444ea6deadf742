import Database
import LoopbackHTTP
import Notifications
import Synchronization
import TestDatabases
import Testing

@Suite("Workers that die")
struct DeliveryDeathTests {
  private static let ok = AttemptNote("accepted", code: 200)

  @Test(
    "whatever step a worker dies at, everything arrives, in one row each, with its first id",
    arguments: 1...9, [false, true])
  func deaths(step: Int, afterCommit: Bool) async throws {
    let scene = try await DeliveryScene()
    for number in 1...3 { try await scene.enqueue(2, to: "t\(number)") }
    let ids = Set(try await scene.all().map(\.id))
    let channel = ScriptedChannel { _ in .sent(Self.ok) }
    let dying = DyingDatabase(scene.database, at: step, afterCommit: afterCommit)
    let worker = scene.worker(channel, on: dying)
    while !dying.isDead {
      guard let count = try? await worker.step(clock: ContinuousClock(), onError: { _ in }),
        count > 0
      else { break }
    }
    // Whoever takes over waits for the claims of the dead to run out.
    let heir = scene.worker(channel)
    try await scene.work(heir)
    scene.time.advance(seconds: 90)
    try await scene.work(heir)
    let all = try await scene.all()
    #expect(Set(all.map(\.id)) == ids && all.count == 6)
    for delivery in all {
      #expect(delivery.status == .sent)
      #expect(try await scene.told(delivery.id) == ["sent"])
      #expect(delivery.attempts <= 2)
    }
    #expect(Set(channel.attempts.map(\.id)) == ids)
  }

  @Test("what a claim's former owner notes after another has begun counts no more")
  func late() async throws {
    let scene = try await DeliveryScene()
    let id = try await scene.enqueue("e1", to: "a")
    let (slow, begun) = (Gate(), Gate())
    let channel = ScriptedChannel { delivery in
      guard delivery.attempts == 1 else { return .sent(Self.ok) }
      begun.open()
      await slow.wait()
      return .failed(AttemptNote("too late"))
    }
    let first = scene.worker(channel)
    let stuck = Task { try await first.step(clock: ContinuousClock(), onError: { _ in }) }
    await begun.wait()
    let second = scene.worker(channel)
    #expect(try await scene.work(second) == 0)
    scene.time.advance(seconds: 90)
    #expect(try await scene.work(second) == 1)
    slow.open()
    _ = try await stuck.value
    #expect(try await scene.delivery(id).status == .sent)
    #expect(try await scene.told(id) == ["sent"])
    #expect(try await scene.health("a") == TargetHealth())
  }
}
