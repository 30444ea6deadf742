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

  /// Opened once, for all who wait.
  private final class Gate: Sendable {
    private let isOpen = Atomic(false)

    func open() { isOpen.store(true, ordering: .releasing) }

    /// Busily: waking up a thread isn't the work. It is for microseconds.
    func wait() { while !isOpen.load(ordering: .acquiring) {} }
  }
}
