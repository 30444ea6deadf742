/// A body that waits for its commit, with the caller's type erased.
struct PendingWrite: Sendable {
  /// Wants a transaction of its own.
  let isAlone: Bool
  /// Runs the body inside the transaction; the result tells the caller once that is durable.
  let run: @Sendable (SQLiteConnection) throws -> @Sendable () -> Void
  /// Tells the caller that nothing of the body holds.
  let fail: @Sendable (any Error) -> Void
}

/// The writes that wait, first in first out, and whether a job on the writer's thread is taking
/// them.
struct WriteQueue {
  private var waiting: [PendingWrite] = []
  /// How many at the front of `waiting` have been taken: cheaper than moving the rest each time.
  private var taken = 0
  private(set) var isDraining = false
  private(set) var isClosed = false

  var count: Int { waiting.count - taken }

  enum Admission {
    /// Start a job that takes writes until there are none.
    case startDraining
    case queued
    case refused
    case closed
  }

  mutating func add(_ write: PendingWrite, limit: Int) -> Admission {
    guard !isClosed else { return .closed }
    guard count < limit else { return .refused }
    waiting.append(write)
    guard !isDraining else { return .queued }
    isDraining = true
    return .startDraining
  }

  /// The next writes for one transaction: one that wants to be alone, or up to `limit` others.
  /// Empty where nothing waits, and the job that asked must end.
  mutating func next(limit: Int) -> [PendingWrite] {
    guard taken < waiting.count else {
      waiting.removeAll(keepingCapacity: true)
      taken = 0
      isDraining = false
      return []
    }
    var end = taken + 1
    if !waiting[taken].isAlone {
      while end < waiting.count, end - taken < limit, !waiting[end].isAlone { end += 1 }
    }
    let batch = Array(waiting[taken..<end])
    taken = end
    if taken > 1_024, taken * 2 > waiting.count {
      waiting.removeFirst(taken)
      taken = 0
    }
    return batch
  }

  /// Refuses everything from now on; false where that was so already.
  mutating func close() -> Bool {
    defer { isClosed = true }
    return !isClosed
  }
}
