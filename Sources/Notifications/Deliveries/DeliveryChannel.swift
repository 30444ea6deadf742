package import ChainTypes
package import Database

/// Sends deliveries on one channel.
package protocol DeliveryChannel: Sendable {
  var name: ChannelName { get }

  /// Makes one attempt. Whatever goes wrong is an outcome. It ends soon after its task is
  /// cancelled, which happens to one that takes too long.
  ///
  /// A process that dies before the outcome is noted makes the same attempt again later: whoever is
  /// told tells repetitions by the delivery's id.
  func attempt(_ delivery: Delivery) async -> DeliveryOutcome

  /// Notes that the target gets nothing any more, in the transaction that noted why.
  func retire(
    _ target: DeliveryTarget, because reason: RetirementReason, now: Timestamp,
    in connection: any SQLConnection
  ) throws
}

extension DeliveryChannel {
  package func retire(
    _ target: DeliveryTarget, because reason: RetirementReason, now: Timestamp,
    in connection: any SQLConnection
  ) throws {}
}

/// Why a target gets nothing any more.
package enum RetirementReason: String, Codable, Sendable, CaseIterable {
  /// It said so.
  case gone
  /// Nothing has arrived for `TargetHealth.patienceSeconds`.
  case failing
}
