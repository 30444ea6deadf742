internal import Foundation

// How services in different processes ask each other.
extension PaywatchConfiguration {
  private typealias Address = ServiceSettings.Address

  static func services(_ root: SettingsMapping, kafka: KafkaSettings?) -> ServiceSettings {
    let mapping = root.nested("services")
    let tls = tls(mapping)
    let isPlainAllowed = mapping.optionalFlag("plaintext") ?? false
    let isProtected = tls != nil || isPlainAllowed
    let listen = address(mapping, "listen", ports: 0...65_535, isProtected: isProtected)
    func peer(_ name: String) -> Address? {
      let peer = mapping.nested(name)
      defer { peer.finish() }
      guard peer.isThere else { return nil }
      if !peer.isGiven("address") {
        peer.note("address", "It is missing: host:port, where the other process listens.")
      }
      return address(peer, "address", ports: 1...65_535, isProtected: isProtected)
    }
    let (supply, payments, prices) = (peer("supply"), peer("payments"), peer("prices"))
    if prices != nil, !root.nested("prices").isThere {
      mapping.note(
        "prices", "It needs the section prices: which pairs there are, and how long a quote holds.")
    }
    let isUsed = [listen, supply, payments, prices].contains { $0 != nil }
    let tokens = tokens(mapping, areNeeded: isUsed)
    let events = mapping.choice("events", default: ServiceSettings.Events.database)
    if events == .kafka, kafka == nil {
      mapping.note("events", "It needs kafka: the brokers that have the events.")
    }
    if listen != nil, let tls, tls.certificate == nil {
      mapping.note("tls", "Whoever listens needs certificate and key.")
    }
    mapping.finish()
    return ServiceSettings(
      listen: listen, supply: supply, payments: payments, prices: prices, tokens: tokens, tls: tls,
      events: events)
  }

  // MARK: Addresses

  /// `host:port`, `[::1]:port`.
  private static func address(
    _ mapping: SettingsMapping, _ name: String, ports: ClosedRange<Int>, isProtected: Bool
  ) -> Address? {
    guard let text = mapping.optionalText(name) else { return nil }
    guard let colon = text.lastIndex(of: ":"),
      let port = Int(text[text.index(after: colon)...]), ports.contains(port),
      let host = host(text[..<colon])
    else {
      mapping.note(name, "“\(text)” must be host:port.")
      return nil
    }
    if !isProtected, !isLoopback(host) {
      mapping.note(
        name,
        "Calls beyond this machine would go unencrypted: give services.tls, or plaintext: true "
          + "where something else encrypts them.")
    }
    return Address(host: host, port: UInt16(port))
  }

  private static func host(_ text: Substring) -> String? {
    var host = text
    if host.first == "[" {
      guard host.last == "]" else { return nil }
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    let isValid =
      (1...253).contains(host.utf8.count)
      && host.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != 0x2f && $0 != 0x40 }
    return isValid ? String(host) : nil
  }

  private static func isLoopback(_ host: String) -> Bool {
    if host == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  // MARK: Secrets

  /// Each line of the file is one, or each word of the variable.
  private static func tokens(_ mapping: SettingsMapping, areNeeded: Bool) -> [Secret] {
    if mapping.has("token") {
      mapping.note(
        "token",
        "It has no place in this file: use token_file, or the variable PAYWATCH_SERVICES_TOKEN.")
    }
    var texts: [Substring] = []
    let variable = mapping.optionalText("token")
    if let path = mapping.optionalText("token_file").map(mapping.file.resolve) {
      guard let data = FileManager.default.contents(atPath: path), data.count <= 4_096,
        let text = String(data: data, encoding: .utf8)
      else {
        mapping.note("token_file", "\(path) can't be read or has over 4,096 bytes.")
        return []
      }
      texts = text.split(whereSeparator: \.isNewline)
    }
    let name = variable == nil ? "token_file" : "token"
    if let variable { texts = variable.split(separator: " ") }
    guard !texts.isEmpty else {
      if areNeeded {
        mapping.note(
          "token_file",
          "It is missing: a file with the token by which processes know each other, or several, "
            + "a line each.")
      }
      return []
    }
    let isValid = texts.allSatisfy { text in
      (32...256).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }
    guard texts.count <= 8, isValid else {
      mapping.note(name, "It holds 1 to 8 tokens, each of 32 to 256 visible ASCII characters.")
      return []
    }
    return texts.map { Secret(String($0)) }
  }

  private static func tls(_ services: SettingsMapping) -> ServiceSettings.TLS? {
    let mapping = services.nested("tls")
    defer { mapping.finish() }
    guard mapping.isThere else { return nil }
    func file(_ name: String) -> String? {
      guard let path = mapping.optionalText(name).map(mapping.file.resolve) else { return nil }
      if !FileManager.default.isReadableFile(atPath: path) {
        mapping.note(name, "\(path) can't be read.")
      }
      return path
    }
    let (certificate, key, authority) = (file("certificate"), file("key"), file("authority"))
    if (certificate == nil) != (key == nil) {
      mapping.note(certificate == nil ? "certificate" : "key", "It is missing beside the other.")
    }
    return ServiceSettings.TLS(certificate: certificate, key: key, authority: authority)
  }
}
