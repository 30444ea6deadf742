/// Where webhooks may go. Both allowances are for development.
package struct WebhookSettings: Sendable, Equatable {
  /// Whether their URLs may begin with `http://`.
  package let allowsHTTP: Bool
  /// Whether they may lead to addresses that aren't public, and hosts without a domain.
  package let allowsPrivateHosts: Bool
}

extension PaywatchConfiguration {
  static func webhooks(_ root: SettingsMapping) -> WebhookSettings {
    let mapping = root.nested("webhooks")
    defer { mapping.finish() }
    return WebhookSettings(
      allowsHTTP: mapping.optionalFlag("allow_http") ?? false,
      allowsPrivateHosts: mapping.optionalFlag("allow_private_hosts") ?? false)
  }
}
