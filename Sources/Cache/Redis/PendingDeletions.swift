/// Keys whose deletion Redis hasn't confirmed: nothing of them is read meanwhile. A pure machine.
struct PendingDeletions: Equatable {
  /// With the number of the last request to delete it.
  private var keys: [String: UInt64] = [:]
  private var nextNumber: UInt64 = 0
  private let limit: Int
  /// More keys wait than are remembered: all of the prefix must go, and nothing is read until
  /// then. The number of the last request that only this covers.
  private(set) var sweep: UInt64?

  /// A request to delete keys.
  struct Ticket: Sendable, Equatable {
    let keys: [String]
    let number: UInt64
  }

  init(limit: Int) {
    self.limit = limit
  }

  var isEmpty: Bool { keys.isEmpty && sweep == nil }
  var count: Int { keys.count }

  func covers(_ key: String) -> Bool { sweep != nil || keys[key] != nil }

  /// Remembers keys to delete.
  mutating func add(_ added: [String]) -> Ticket {
    nextNumber += 1
    for key in added { keys[key] = nextNumber }
    if keys.count > limit {
      keys = [:]
      sweep = nextNumber
    }
    return Ticket(keys: added, number: nextNumber)
  }

  /// Some of what waits.
  func next(atMost count: Int) -> Ticket? {
    guard !keys.isEmpty else { return nil }
    return Ticket(keys: keys.prefix(count).map(\.key), number: nextNumber)
  }

  /// Redis deleted them; what was asked for again since then stays.
  mutating func confirm(_ ticket: Ticket) {
    for key in ticket.keys {
      if let number = keys[key], number <= ticket.number { keys.removeValue(forKey: key) }
    }
  }

  /// All keys that stood when `number` was the sweep's are gone.
  mutating func confirmSweep(_ number: UInt64) {
    if sweep == number { sweep = nil }
  }
}

/// How long to wait before the next attempt to connect: twice as long after each that failed. A
/// pure machine.
struct ReconnectPause: Equatable {
  private let shortest: Int64
  private let longest: Int64
  private var current: Int64

  init(shortestMilliseconds: Int64, longestMilliseconds: Int64) {
    shortest = max(1, shortestMilliseconds)
    longest = max(shortest, longestMilliseconds)
    current = shortest
  }

  /// The pause now, in milliseconds.
  mutating func next() -> Int64 {
    defer { current = current > longest / 2 ? longest : current * 2 }
    return current
  }

  /// A connection has answered commands: only that shows that it serves.
  mutating func reset() { current = shortest }
}
