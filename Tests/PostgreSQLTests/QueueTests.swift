import Database
import Testing

@testable import PostgreSQL

@Suite("What a free connection takes next")
struct QueueTests {
  private func job(_ kind: Job.Kind) -> Job {
    Job(kind: kind, enqueuedAt: .now, run: { _ in {} }, fail: { _ in })
  }

  private func queue(
    _ kinds: String, limit: Int = 100, writers: Int = 1, busyCount: Int = 100
  ) -> WorkQueue {
    var options = PostgresOptions(connection: "")
    options.waitingLimit = limit
    options.groupWriters = writers
    options.busyGroupWriters = 1
    options.busyCount = busyCount
    options.groupLimit = 3
    var queue = WorkQueue(options, size: 10)
    for kind in kinds { _ = queue.add(job(kind == "g" ? .grouped : .read)) }
    return queue
  }

  /// `r` for one body, a number for a group of so many, `-` for nothing.
  private func take(_ queue: inout WorkQueue) -> String {
    switch queue.next() {
    case .single: "r"
    case .group(let jobs): String(jobs.count)
    case nil: "-"
    }
  }

  @Test("the oldest comes first, grouped ones all together up to the limit")
  func order() {
    var queue = queue("rgrggggr", writers: 9)
    #expect((0..<7).map { _ in take(&queue) } == ["r", "3", "r", "2", "r", "-", "-"])
    #expect(queue.count == 0)
  }

  @Test("no more groups run at once than may, and others go past them")
  func writers() {
    var queue = queue("gggggrr")
    #expect(queue.runnable == 3)
    #expect(take(&queue) == "3")
    #expect(queue.runnable == 2)
    #expect([take(&queue), take(&queue), take(&queue)] == ["r", "r", "-"])
    queue.finishGroup(of: 3)
    #expect(queue.runnable == 1)
    #expect([take(&queue), take(&queue)] == ["2", "-"])
  }

  @Test("fewer groups run at once where there is much, and never more than connections but one")
  func busy() {
    var queue = queue("gggggggggg", writers: 2, busyCount: 4)
    #expect([take(&queue), take(&queue)] == ["3", "-"])
    #expect(queue.runnable == 0)
    queue.finishGroup(of: 3)
    #expect([take(&queue), take(&queue)] == ["3", "-"])
    queue.finishGroup(of: 3)
    // Four are left, which aren't many.
    #expect([take(&queue), take(&queue), take(&queue)] == ["3", "1", "-"])
    var options = PostgresOptions(connection: "")
    options.groupWriters = 9
    options.groupLimit = 1
    var small = WorkQueue(options, size: 3)
    for _ in 0..<4 { _ = small.add(job(.grouped)) }
    #expect([take(&small), take(&small), take(&small)] == ["1", "1", "-"])
  }

  @Test("what is too much or too late is turned away")
  func admission() {
    var queue = queue("ggr", limit: 3)
    guard case .refused(waiting: 3) = queue.add(job(.read)) else {
      Issue.record("a fourth body may not wait")
      return
    }
    queue.close()
    guard case .closed = queue.add(job(.read)) else {
      Issue.record("a closed queue takes nothing")
      return
    }
    #expect([take(&queue), take(&queue), take(&queue)] == ["2", "r", "-"])
  }

  @Test("pauses grow to a bound and differ by chance")
  func backoff() {
    #expect(Backoff.transaction(attempt: 1, random: 0) == .milliseconds(1))
    #expect(Backoff.transaction(attempt: 1, random: 1) == .milliseconds(2))
    #expect(Backoff.transaction(attempt: 4, random: 1) == .milliseconds(16))
    #expect(Backoff.transaction(attempt: 1_000, random: 1) == .milliseconds(250))
    #expect(Backoff.connection(attempt: 1, random: 1) == .milliseconds(20))
    #expect(Backoff.connection(attempt: .max, random: 0) == .milliseconds(250))
  }

  @Test(
    "what the server says is told apart",
    arguments: [
      ("23505", "ERROR", DatabaseError.uniqueViolation("c")),
      ("23514", "ERROR", .checkViolation("c")),
      ("23503", "ERROR", .foreignKeyViolation("c")),
      ("23502", "ERROR", .notNullViolation("t.x")),
      ("23P01", "ERROR", .constraint("m")),
      ("22003", "ERROR", .constraint("m")),
      ("25006", "ERROR", .readOnly("m")),
      ("57014", "ERROR", .timedOut("m")),
      ("55P03", "ERROR", .busy("m")),
      ("40P01", "ERROR", .busy("m")),
      ("42P01", "ERROR", .statement("m", sql: "s")),
      ("08P01", "ERROR", .statement("m", sql: "s")),
      ("08006", "ERROR", .connectionLost("m", commitIsUnknown: false)),
      ("57P01", "FATAL", .connectionLost("m", commitIsUnknown: false)),
      ("53100", "FATAL", .connectionLost("m", commitIsUnknown: false)),
      ("53100", "ERROR", .storage(code: 8_539_344, message: "m")),
      ("58030", "ERROR", .storage(code: 8_771_436, message: "m")),
      ("53300", "ERROR", .storage(code: 8_541_936, message: "m")),
    ])
  func errors(state: String, severity: String, expected: DatabaseError) {
    let failure = PostgresErrors.failure(
      PostgresErrors.Report(
        state: state, severity: severity, message: "m", constraint: "c", table: "t", column: "x"),
      sql: "s")
    #expect(failure.error == expected)
  }
}
