import Database
import Leases
import LoopbackHTTP
import Notifications
import TestDatabases
import TestSupport
import Testing

@Suite("Queues beside each other")
struct DeliveryFairnessTests {
  private static let ok = AttemptNote("accepted", code: 200)

  /// Runs the worker beside `body`, then ends it.
  private func running(
    _ worker: DeliveryWorker, _ body: () async throws -> Void
  ) async throws {
    let task = Task {
      try await worker.run(
        clock: ContinuousClock(), isFinal: { $0 is LeaseLost },
        onError: { Issue.record("\($0)") })
    }
    let result: Result<Void, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    task.cancel()
    _ = await task.result
    try result.get()
  }

  @Test("targets that hang with thousands queued never hold another")
  func stuck() async throws {
    let scene = try await DeliveryScene()
    let gate = Gate()
    for number in 1...3 { try await scene.enqueue(2_000, to: "stuck-\(number)") }
    try await scene.enqueue(200, to: "healthy")
    let channel = ScriptedChannel {
      if $0.target.key != "healthy" { await gate.wait() }
      return .sent(Self.ok)
    }
    try await running(scene.worker(channel)) {
      try await waitUntil("all of the healthy one's have arrived") {
        try await scene.statuses("healthy") == [.sent: 200]
      }
      for number in 1...3 {
        #expect(channel.attempts(to: "stuck-\(number)").count == 4)
        #expect(try await scene.statuses("stuck-\(number)") == [.pending: 2_000])
      }
      gate.open()
    }
    #expect(channel.mostAtOnce(to: "healthy") <= 4)
  }

  @Test("more failing targets than there is room for leave the rest to the healthy ones")
  func manyFailing() async throws {
    let scene = try await DeliveryScene()
    for number in 1...40 { try await scene.enqueue(5, to: "failing-\(number)") }
    let failing = ScriptedChannel { _ in .retry(AttemptNote("no")) }
    try await scene.work(scene.worker(failing))
    scene.time.advance(seconds: 60)
    try await scene.enqueue(100, to: "healthy")
    let gate = Gate()
    let channel = ScriptedChannel {
      if $0.target.key != "healthy" { await gate.wait() }
      return .sent(Self.ok)
    }
    var options = DeliveryWorkerOptions()
    options.attempts = 20
    options.failingAttempts = 10
    try await running(scene.worker(channel, options: options)) {
      try await waitUntil("all of the healthy one's have arrived") {
        try await scene.statuses("healthy") == [.sent: 100]
      }
      let begun = channel.attempts.filter { $0.target.key != "healthy" }
      #expect(begun.count <= 10)
      #expect(Set(begun.map(\.target.key)).count == begun.count, "one at a time to one that fails")
      gate.open()
    }
  }

  @Test("where there is room for less than is due, all targets get their turn")
  func turns() async throws {
    let scene = try await DeliveryScene()
    for number in 1...10 { try await scene.enqueue(10, to: "t\(number)") }
    let channel = ScriptedChannel { _ in .sent(Self.ok) }
    var options = DeliveryWorkerOptions()
    options.attempts = 8
    options.perTarget = 4
    let worker = scene.worker(channel, options: options)
    for _ in 0..<5 {
      scene.time.advance(milliseconds: 1)
      try await worker.step(clock: ContinuousClock(), onError: { Issue.record("\($0)") })
    }
    // Five times eight went to ten targets, four to each.
    #expect((1...10).allSatisfy { channel.attempts(to: "t\($0)").count == 4 })
    #expect(try await scene.work(worker) == 60)
  }

  @Test("an attempt that takes too long is cut off and counts as a failure")
  func cutOff() async throws {
    let scene = try await DeliveryScene()
    let id = try await scene.enqueue("e1", to: "a")
    let channel = ScriptedChannel { _ in
      try? await Task.sleep(for: .seconds(3_600))
      return .sent(Self.ok)
    }
    var options = DeliveryWorkerOptions()
    options.attemptTimeout = .milliseconds(20)
    try await scene.work(scene.worker(channel, options: options))
    let delivery = try await scene.delivery(id)
    #expect(delivery.status == .pending && delivery.lastNote?.detail == "It took too long.")
  }

  @Test("workers that race over one database never send the same delivery at once, nor twice")
  func race() async throws {
    let store = try await TestStore(.selected)
    let databases = try (0..<3).map { _ in try store.open() }
    try await DeliveryScene.prepare(databases[0])
    let scene = DeliveryScene(on: databases[0])
    for number in 1...5 { try await scene.enqueue(60, to: "t\(number)") }
    let channel = ScriptedChannel { delivery in
      await Task.yield()
      return delivery.attempts == 1 && delivery.position % 7 == 0
        ? .retry(AttemptNote("once more")) : .sent(Self.ok)
    }
    for _ in 0..<5 {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for database in databases {
          group.addTask { try await scene.work(scene.worker(channel, on: database)) }
        }
        try await group.waitForAll()
      }
      scene.time.advance(seconds: 1_000)
    }
    #expect(channel.mostOfOne == 1)
    for number in 1...5 {
      #expect(try await scene.statuses("t\(number)") == [.sent: 60])
      #expect(channel.mostAtOnce(to: "t\(number)") <= 4)
    }
    let again = channel.attempts.filter { $0.attempts == 2 }
    #expect(channel.attempts.count == 300 + again.count && again.count >= 40)
    for database in databases { try await database.close() }
  }

  @Test("a worker whose lease is lost claims nothing more")
  func leaseLost() async throws {
    let scene = try await DeliveryScene()
    try await scene.enqueue("e1", to: "a")
    let channel = ScriptedChannel { _ in .sent(Self.ok) }
    let lease = Lease(name: "notifications:eu", holder: "nobody", epoch: 1)
    let worker = scene.worker(channel, check: { try Leases.check(lease, in: $0) })
    await #expect(throws: LeaseLost.self) {
      try await worker.run(
        clock: ContinuousClock(), isFinal: { $0 is LeaseLost }, onError: { _ in })
    }
    #expect(channel.attempts.isEmpty)
  }
}
