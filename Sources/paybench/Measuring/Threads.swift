internal import Foundation
internal import Synchronization

/// Work of several threads at once, in time as it passes.
enum Threads {
  /// The processors that this process may use.
  static let processors = ProcessInfo.processInfo.activeProcessorCount

  /// Seconds from when all threads are let go until the last one has done its `body`, which is
  /// given the thread's number. Never zero.
  static func seconds(_ count: Int = processors, _ body: @escaping @Sendable (Int) -> Void)
    -> Double
  {
    let (ready, go, done) = (DispatchSemaphore(value: 0), Gate(), DispatchSemaphore(value: 0))
    for number in 0..<count {
      let thread = Thread {
        ready.signal()
        go.wait()
        body(number)
        done.signal()
      }
      // As much as the main thread has.
      thread.stackSize = 8 << 20
      thread.start()
    }
    for _ in 0..<count { ready.wait() }
    let start = WallClock.nanoseconds
    go.open()
    for _ in 0..<count { done.wait() }
    return max(Double(WallClock.nanoseconds - start) / 1e9, 1e-9)
  }

  /// Seconds of the work in so many rounds, before each of which every thread prepares its own:
  /// from when all are let go until the last one has done it. Never zero.
  ///
  /// - Parameter turn: what the thread of that number prepares and does in each round
  static func seconds(
    _ count: Int = processors, rounds: Int,
    _ turn: @escaping @Sendable (Int) -> (prepare: () -> Void, work: () -> Void)
  ) -> Double {
    let barrier = Barrier(count)
    let nanoseconds = Atomic<Int64>(0)
    _ = seconds(count) { number in
      let turn = turn(number)
      for _ in 0..<rounds {
        turn.prepare()
        barrier.wait()
        let start = WallClock.nanoseconds
        turn.work()
        barrier.wait()
        if number == 0 { nanoseconds.add(WallClock.nanoseconds - start, ordering: .relaxed) }
      }
    }
    return max(Double(nanoseconds.load(ordering: .relaxed)) / 1e9, 1e-9)
  }

  /// Lets threads go once all have come, over and over.
  private final class Barrier: Sendable {
    private let count: Int
    private let arrived = Atomic(0)

    init(_ count: Int) { self.count = count }

    /// Busily, as the gate's.
    func wait() {
      let place = arrived.add(1, ordering: .acquiringAndReleasing).newValue
      let all = (place + count - 1) / count * count
      while arrived.load(ordering: .acquiring) < all {}
    }
  }

  /// Opened once, for all who wait.
  private final class Gate: Sendable {
    private let isOpen = Atomic(false)

    func open() { isOpen.store(true, ordering: .releasing) }

    /// Busily: waking up a thread isn't the work. It is for microseconds.
    func wait() { while !isOpen.load(ordering: .acquiring) {} }
  }
}
