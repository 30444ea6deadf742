/// Where deliveries go: a webhook's endpoint, or who gets mail. Each has a queue of its own.
package struct DeliveryTarget: Sendable, Hashable {
  package let tenant: String
  package let channel: ChannelName
  /// What the channel calls it, such as `whk_…`: 1 to `maximumKeyBytes` bytes. It stands in the log
  /// of deliveries, so it is no address that somebody may want forgotten.
  package let key: String

  package static let maximumKeyBytes = 200

  package init(tenant: String, channel: ChannelName, key: String) {
    self.tenant = tenant
    self.channel = channel
    self.key = key
  }
}
