/// What a pool thinks of one of its nodes. A pure value; time is an argument.
struct NodeStanding: Equatable, Sendable {
  /// 0 to 1,000: how the latest requests went, the newest counting most.
  private(set) var score = 1_000
  /// What was wrong with the latest answer; nil where it was right.
  private(set) var lastError: NodeError?
  /// Whether the node has shown the genesis block and network name that it should.
  var isIdentified = false
  private var quarantine: Quarantine?
  /// How often in a row it gave something false, and when it was last let in again after that.
  private var offences = 0
  private var lastPauseEnd: Int64 = 0

  /// How long the first offence keeps a node out.
  private static let firstPauseMilliseconds: Int64 = 5_000

  /// A node that must neither vote nor serve.
  struct Quarantine: Equatable, Sendable {
    let reason: String
    /// Nil until an operator releases it.
    let untilMilliseconds: Int64?
  }

  /// One success makes up an eighth of what is lacking; one failure costs a quarter.
  mutating func record(_ error: NodeError?) {
    guard let error, error.countsAgainstNode else {
      if error == nil {
        score += (1_000 - score + 7) / 8
        lastError = nil
      }
      return
    }
    score -= score / 4
    lastError = error
  }

  func quarantine(at nowMilliseconds: Int64) -> Quarantine? {
    guard let quarantine else { return nil }
    if let until = quarantine.untilMilliseconds, nowMilliseconds >= until { return nil }
    return quarantine
  }

  mutating func setQuarantine(_ new: Quarantine, at nowMilliseconds: Int64) {
    // A quarantine without an end, or with a later one, isn't shortened by another.
    if let old = quarantine(at: nowMilliseconds),
      old.untilMilliseconds ?? .max >= new.untilMilliseconds ?? .max
    {
      return
    }
    quarantine = new
  }

  /// Keeps out a node that gave something false: shortly at first, so that a single fault of an
  /// only node costs little, then twice as long each time, at most `maximumMilliseconds`. Who has
  /// given nothing false for as long as that begins anew.
  mutating func punish(_ reason: String, at nowMilliseconds: Int64, maximumMilliseconds: Int64) {
    // What it gave before it was put in quarantine is part of the same offence.
    guard quarantine(at: nowMilliseconds) == nil else { return }
    if nowMilliseconds &- lastPauseEnd >= maximumMilliseconds { offences = 0 }
    var pause = min(Self.firstPauseMilliseconds, maximumMilliseconds)
    for _ in 0..<offences where pause < maximumMilliseconds {
      pause = pause > maximumMilliseconds / 2 ? maximumMilliseconds : pause * 2
    }
    offences += 1
    let (end, overflow) = nowMilliseconds.addingReportingOverflow(pause)
    lastPauseEnd = overflow ? .max : end
    quarantine = Quarantine(reason: reason, untilMilliseconds: lastPauseEnd)
  }

  mutating func release() {
    quarantine = nil
    offences = 0
  }
}

/// A node as an operator sees it.
package struct NodeStatus: Equatable, Sendable {
  package let node: Int
  package let name: String
  /// Whether the node's genesis block and network name were checked and are right.
  package let isIdentified: Bool
  /// 0 to 1,000; blocks are asked of the highest first.
  package let score: Int
  package let breaker: CircuitBreaker.State
  package let quarantine: Quarantine?
  /// What was wrong with the node's latest answer; nil where it was right.
  package let lastError: NodeError?

  package struct Quarantine: Equatable, Sendable {
    package let reason: String
    /// By the pool's clock; nil until an operator releases the node.
    package let untilMilliseconds: Int64?
  }
}
