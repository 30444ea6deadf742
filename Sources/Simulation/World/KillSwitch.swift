internal import Synchronization

/// The process died here, and nothing that it held in memory may be used afterwards; or what it was
/// about to do failed.
package struct Killed: Error, Hashable {
  package let point: FaultPoint
}

/// Places at which a process can die.
package enum FaultPoint: String, Hashable, Sendable, CaseIterable {
  /// A transaction is complete but not committed: nothing of it remains.
  case beforeCommit
  /// A transaction is committed, and nobody hears of it.
  case afterCommit
  /// Addresses are derived and not yet inserted.
  case betweenDeriveAndInsert
  /// A watcher is about to ask its store something.
  case beforeStoreRead
  /// A node is about to be asked.
  case beforeNodeCall
  /// A transaction is under way, and its next statement about to be run.
  case betweenStatements
  /// Another service is about to be asked,
  case beforeServiceCall
  /// and has done what it was asked for, of which nobody hears.
  case afterServiceCall

  /// Those of the payment pipeline.
  package static let ofPipeline: [FaultPoint] = ordered + [.beforeNodeCall]

  /// Those of the services.
  static let ofServices: [FaultPoint] = [
    .beforeStoreRead, .betweenStatements, .beforeCommit, .afterCommit, .beforeServiceCall,
    .afterServiceCall,
  ]

  /// Those that a process passes in one order whatever runs at once. Nodes are asked at once, so
  /// their calls are counted for each node apart.
  static let ordered: [FaultPoint] = [
    .beforeCommit, .afterCommit, .betweenDeriveAndInsert, .beforeStoreRead,
  ]
}

/// Kills the process at the n-th passage of a fault point: that passage and all later ones throw,
/// until the process is started again.
///
/// Where it isn't to be fatal, that one passage throws and the process goes on, as when a database
/// is out of reach for a moment.
package final class KillSwitch: Sendable {
  private struct State {
    var armed: (point: FaultPoint, node: Int?, passages: Int, isFatal: Bool)?
    var death: Killed?
    /// Where a passage failed that wasn't fatal.
    var failure: FaultPoint?
    /// The node whose call was the end.
    var deadNode: Int?
  }

  private let state = Mutex(State())

  package init() {}

  /// Dies at the `passages`-th passage of `point` from now, 1 being the next; or fails there alone.
  package func arm(_ point: FaultPoint, passages: Int = 1, isFatal: Bool = true) {
    state.withLock { $0.armed = (point, nil, max(1, passages), isFatal) }
  }

  /// Dies at the `passages`-th call to `node` from now.
  package func armCall(to node: Int, passages: Int) {
    state.withLock { $0.armed = (.beforeNodeCall, node, max(1, passages), true) }
  }

  package func reset() { state.withLock { $0 = State() } }

  package var death: Killed? { state.withLock(\.death) }

  var failure: FaultPoint? { state.withLock(\.failure) }

  package func pass(_ point: FaultPoint) throws(Killed) {
    try pass { state in
      if let death = state.death { return death }
      return Self.count(&state, point, node: nil)
    }
  }

  /// A call to `node`. After a death at another node it goes through: the calls to different nodes
  /// run at once, and a replay must not depend on which is faster. The store is dead all the same.
  package func passCall(to node: Int) throws(Killed) {
    try pass { state in
      if state.deadNode == node { return state.death }
      guard state.death == nil else { return nil }
      let death = Self.count(&state, .beforeNodeCall, node: node)
      if death != nil { state.deadNode = node }
      return death
    }
  }

  private func pass(_ body: (inout State) -> Killed?) throws(Killed) {
    if let death = state.withLock({ body(&$0) }) { throw death }
  }

  private static func count(_ state: inout State, _ point: FaultPoint, node: Int?) -> Killed? {
    guard let armed = state.armed, armed.point == point, armed.node == node else { return nil }
    guard armed.passages > 1 else {
      state.armed = nil
      let killed = Killed(point: point)
      if armed.isFatal { state.death = killed } else { state.failure = point }
      return killed
    }
    state.armed?.passages -= 1
    return nil
  }
}
