package import ChainTypes
internal import NodeRPC
internal import Synchronization
internal import Watching

/// The world's clock: it stands still but for `advance`. The time of day and the milliseconds that
/// breakers and quarantines go by are the same clock, until the time of day is set.
package final class SimulatedTime: TimeSource, RPCClock {
  private let microseconds: Mutex<Int64>
  /// How far the time of day was set from the clock.
  private let shift = Mutex<Int64>(0)

  package init(start: Timestamp) { microseconds = Mutex(start.microseconds) }

  package var now: Timestamp {
    Timestamp(microseconds: microseconds.withLock { $0 } + shift.withLock { $0 })
  }

  package var nowMilliseconds: Int64 { microseconds.withLock { $0 } / 1_000 }

  /// The time that blocks bear.
  package var nowSeconds: UInt32 { UInt32(clamping: now.microseconds / 1_000_000) }

  /// The same, of EVM chains.
  var nowLongSeconds: UInt64 { UInt64(clamping: now.microseconds / 1_000_000) }

  /// Sets the time of day ahead, or back, without letting time pass.
  package func shift(seconds: Int64) { shift.withLock { $0 += seconds * 1_000_000 } }

  package func advance(milliseconds: Int64) {
    microseconds.withLock { $0 += milliseconds * 1_000 }
  }

  /// Returns at once: time passes only where the simulation says so.
  package func sleep(milliseconds: Int) async throws {}
}

/// The clock by which one node is asked: the world's time, and on top of it all pauses between
/// tries at that node. So nodes that are asked side by side never change each other's time, and a
/// run replays exactly.
package final class ConnectionTime: RPCClock {
  private let world: SimulatedTime
  private let slept = Mutex<Int64>(0)

  package init(_ world: SimulatedTime) { self.world = world }

  package var nowMilliseconds: Int64 { world.nowMilliseconds + slept.withLock { $0 } }

  package func sleep(milliseconds: Int) async throws {
    slept.withLock { $0 += Int64(milliseconds) }
  }
}
