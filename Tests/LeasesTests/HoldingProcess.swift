import Leases
import SQLite
import Synchronization
import TestSupport

/// A holder whose body runs until it is cancelled, and what became of it, in order.
final class HoldingProcess: Sendable {
  private let holder: LeaseHolder<ManualClock>
  private let entries: Entries
  let database: TroubledDatabase

  private final class Entries: Sendable {
    let list = Mutex<[String]>([])

    func add(_ entry: String) { list.withLock { $0.append(entry) } }
  }

  init(_ name: String, _ sqlite: SQLiteDatabase, _ clock: ManualClock) {
    let entries = Entries()
    self.entries = entries
    database = TroubledDatabase(sqlite)
    holder = LeaseHolder(database: database, name: "watcher", holder: name, clock: clock) {
      switch $0 {
      case .taken(let lease): entries.add("taken \(lease.epoch)")
      case .lost(let lease): entries.add("lost \(lease.epoch)")
      case .released(let lease): entries.add("released \(lease.epoch)")
      case .failed: entries.add("failed")
      }
    }
  }

  var log: [String] { entries.list.withLock(\.self) }

  func start() -> Task<Void, any Error> {
    Task {
      try await holder.run { [entries] lease in
        entries.add("runs \(lease.epoch)")
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        for await _ in stream {}
        withExtendedLifetime(continuation) {}
        entries.add("stops \(lease.epoch)")
      }
    }
  }

  /// Runs `body` under the lease instead.
  func run(_ body: @escaping @Sendable (Lease) async throws -> Void) async throws {
    try await holder.run(body)
  }

  func until(_ entry: String) async throws {
    try await waitUntil { log.last == entry }
  }
}
