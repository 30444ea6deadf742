internal import Foundation
internal import Messages

// Mail to customers.
extension PaywatchConfiguration {
  private enum TLS: String, CaseIterable {
    case required, none
  }

  static func mail(_ root: SettingsMapping) -> MailSettings? {
    let mapping = root.nested("mail")
    guard mapping.isThere else { return nil }
    defer { mapping.finish() }
    let server = mapping.text("server", hint: "such as smtp://mail.internal:587.")
    if !server.isEmpty { check(server, named: "server", schemes: ["smtp", "smtps"], of: mapping) }
    let tls = mapping.choice("tls", default: TLS.required)
    let certificates = mapping.optionalText("certificates").map(mapping.file.resolve)
    let login = login(mapping)
    if tls == .none, login != nil, !server.hasPrefix("smtps://") {
      mapping.note("tls", "Without it the password would be sent in plain text.")
    }
    let from = address(mapping, "from", isRequired: true)
    let name = mapping.optionalText("from_name")
    let replyTo = address(mapping, "reply_to")
    let publicURL = publicURL(mapping)
    guard let from else { return nil }
    return MailSettings(
      server: server, allowsPlainText: tls == .none, certificates: certificates, login: login,
      from: from, fromName: name, replyTo: replyTo, publicURL: publicURL)
  }

  private static func login(_ mapping: SettingsMapping) -> MailSettings.Login? {
    let user = mapping.optionalText("user")
    let file = secret(mapping, "password_file")
    if mapping.has("password") {
      mapping.note(
        "password", "It has no place in this file: use password_file, or PAYWATCH_MAIL_PASSWORD.")
    }
    let own = mapping.optionalText("password").map { Secret($0) }
    let password = file ?? own
    let isGiven = mapping.isGiven("password_file") || mapping.isGiven("password")
    if user != nil, !isGiven {
      mapping.note("user", "It needs password_file: a file that holds the password.")
    }
    if user == nil, isGiven {
      mapping.note("user", "It is missing: the name that belongs to the password.")
    }
    guard let user, let password else { return nil }
    return MailSettings.Login(user: user, password: password)
  }

  private static func address(
    _ mapping: SettingsMapping, _ name: String, isRequired: Bool = false
  ) -> MailAddress? {
    let text =
      isRequired
      ? mapping.text(name, hint: "the sender's address, such as orders@shop.example.")
      : mapping.optionalText(name) ?? ""
    guard !text.isEmpty else { return nil }
    guard let address = MailAddress(text) else {
      mapping.note(name, "“\(text)” must be an address, local@domain in ASCII.")
      return nil
    }
    return address
  }

  private static func publicURL(_ mapping: SettingsMapping) -> String? {
    guard var url = mapping.optionalText("public_url"),
      check(url, named: "public_url", schemes: ["https", "http"], of: mapping)
    else { return nil }
    while url.hasSuffix("/") { url.removeLast() }
    guard url.utf8.allSatisfy({ (0x21...0x7e).contains($0) && !"<>?#\"".utf8.contains($0) }),
      url.utf8.count <= 300
    else {
      mapping.note("public_url", "It must be a plain address, without what follows ? or #.")
      return nil
    }
    return url
  }
}
