import Database
import Dispatch
import TestDatabases
import TestSupport

extension TestDatabase {
  /// Runs grouped writes that all wait before the first of them runs, in the order of their
  /// numbers; what became of each.
  func gather(
    _ count: Int, _ body: @escaping @Sendable (Int, any SQLConnection) throws -> Void
  ) async throws -> [DatabaseError?] {
    let isHeld = Flag()
    let release = DispatchSemaphore(value: 0)
    let holding = Task {
      try await write { _ in
        isHeld.raise()
        release.wait()
      }
    }
    try await waitUntil { isHeld.isRaised }
    return try await withThrowingTaskGroup(of: (Int, DatabaseError?).self) { group in
      for number in 0..<count {
        group.addTask {
          do {
            try await self.groupedWrite { try body(number, $0) }
            return (number, nil)
          } catch let error as DatabaseError {
            return (number, error)
          }
        }
        try await waitUntil { waitingCount > number }
      }
      release.signal()
      try await holding.value
      return try await group.reduce(into: Array(repeating: nil, count: count)) { $0[$1.0] = $1.1 }
    }
  }
}
