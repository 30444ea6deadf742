/// How the worker goes about its work.
package struct DeliveryWorkerOptions: Sendable, Equatable {
  /// How many attempts are under way at once on one channel, and how many of them go to targets
  /// that have been failing: the rest is for those that haven't, however many hang.
  package var channelAttempts = 256
  package var failingAttempts = 128
  /// How many on all channels together. Where that is less than they may have, a channel that hangs
  /// holds up others.
  package var attempts = 256 * ChannelName.allCases.count
  /// How many to one target at once.
  package var perTarget = 4
  /// An attempt that takes longer is cut off. Well below `DeliveryQueue.claimSeconds`.
  package var attemptTimeout: Duration = .seconds(45)
  /// How often the queues are looked at.
  package var interval: Duration = .milliseconds(250)
  /// How long one that was woken waits for others that end or come: to claim several at once costs
  /// hardly more than to claim one.
  package var gathering: Duration = .zero

  package init() {}
}

/// What somebody may want to count.
package struct DeliveryReport: Sendable, Equatable {
  package let channel: ChannelName
  /// `DeliveryOutcome.name`.
  package let outcome: String
  package let milliseconds: Int64
  /// What kept an attempt from being made, in words that aren't for tenants.
  package let cause: String?
}
