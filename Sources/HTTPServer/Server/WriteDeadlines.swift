internal import NIOCore
internal import Synchronization

/// Closes connections whose answers take too long to be taken.
///
/// A timer for each answer would wake its event loop twice, which costs more than most answers. So
/// all of them stand in one table, which is looked through once a second.
final class WriteDeadlines: Sendable {
  private let state = Mutex(State())

  private struct State {
    var next: UInt64 = 0
    var waiting: [UInt64: (deadline: NIODeadline, channel: any Channel)] = [:]
  }

  /// The answer's number, for `end`.
  func begin(_ channel: any Channel, until deadline: NIODeadline) -> UInt64 {
    state.withLock { state in
      state.next &+= 1
      state.waiting[state.next] = (deadline, channel)
      return state.next
    }
  }

  func end(_ number: UInt64) {
    state.withLock { _ = $0.waiting.removeValue(forKey: number) }
  }

  /// Closes those whose time is over.
  func closeExpired(at now: NIODeadline) {
    let expired = state.withLock { state in
      let expired = state.waiting.filter { $0.value.deadline <= now }
      for number in expired.keys { state.waiting[number] = nil }
      return expired.values.map(\.channel)
    }
    for channel in expired { channel.close(mode: .all, promise: nil) }
  }
}
