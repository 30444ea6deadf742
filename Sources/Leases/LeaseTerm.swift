/// When a holder renews its lease, and when it must stop: a value without a clock. Moments are
/// those of a local clock that never goes back, as time since any fixed one.
///
///     held ──► renewing ──► held          answered in time
///      │          │  └────► held          failed: tried again soon, the end stays
///      └──────────┴───────► over          the term ran out, or the lease is another one's
///
/// The term counts from before the question was sent. The database gave it later, so it ends here
/// first.
package struct LeaseTerm: Sendable, Equatable {
  package enum Decision: Sendable, Equatable {
    /// Nothing to do before that moment.
    case wait(until: Duration)
    case renew
    /// Whatever is done under the lease must end now.
    case stop
  }

  package let length: Duration
  /// Until when the lease holds, as far as is known.
  package private(set) var end: Duration
  private var renewal: Duration
  private var isLost = false

  /// A lease that was asked for at `sent` and given for `length`.
  package init(length: Duration, sentAt sent: Duration) {
    self.length = length
    end = sent + length
    renewal = sent + length / 3
  }

  /// How long whoever doesn't have the lease waits before it asks again.
  package static func standby(_ length: Duration) -> Duration { length / 6 }

  package func decision(at now: Duration) -> Decision {
    if isLost || now >= end { return .stop }
    return now >= renewal ? .renew : .wait(until: min(renewal, end))
  }

  /// A renewal that was sent at `sent` succeeded.
  package mutating func renewed(sentAt sent: Duration) {
    end = max(end, sent + length)
    renewal = sent + length / 3
  }

  /// A renewal failed, and nothing is known of it: it is tried again soon.
  package mutating func failed(at now: Duration) {
    renewal = now + length / 12
  }

  /// The lease is another one's.
  package mutating func lost() { isLost = true }
}
