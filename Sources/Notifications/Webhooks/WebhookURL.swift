package import HTTPClient

/// Where a webhook's requests go: `https://host[:port][/path][?query]`, in visible ASCII.
///
/// Narrower than RFC 3986, so that nobody reads it otherwise than we do: no user, fragment,
/// backslash or escape in the host; a host is a name of at least two labels, or an address as it is
/// usually written.
package struct WebhookURL: Hashable, Sendable {
  package let text: String
  package let isEncrypted: Bool
  /// In lower case; of IPv6 without the brackets.
  package let host: String
  package let port: UInt16
  /// The host, where it is an address.
  package let address: IPAddress?

  package static let maximumBytes = 2_048

  package enum Mistake: Error, Equatable, Sendable {
    case malformed(String)
    case notEncrypted
    case notPublic(String)
  }

  /// - Parameter policy: what else than public hosts and HTTPS may be
  package init(_ text: String, policy: WebhookPolicy) throws(Mistake) {
    guard (1...Self.maximumBytes).contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && !#"\"<>^`{|}#"#.utf8.contains($0) })
    else { throw .malformed("It must be up to \(Self.maximumBytes) bytes of a URL's characters.") }
    let rest: Substring
    if text.hasPrefix("https://") {
      isEncrypted = true
      rest = text.dropFirst(8)
    } else if text.hasPrefix("http://") {
      guard policy.allowsHTTP else { throw .notEncrypted }
      isEncrypted = false
      rest = text.dropFirst(7)
    } else {
      throw .malformed("It must begin with https://.")
    }
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    let (name, digits) = try Self.parts(of: authority)
    host = name.lowercased()
    port = try Self.port(digits, default: isEncrypted ? 443 : 80)
    address = IPAddress(host)
    try Self.check(host, address, isBracketed: authority.hasPrefix("["), policy)
    self.text = text
  }

  /// The host and, where there is one, the text of the port.
  private static func parts(
    of authority: Substring
  ) throws(Mistake) -> (host: Substring, port: Substring?) {
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else {
        throw .malformed("The bracket isn't closed.")
      }
      let behind = authority[authority.index(after: end)...]
      guard behind.isEmpty || behind.hasPrefix(":") else {
        throw .malformed("Behind the address comes a port or nothing.")
      }
      let host = authority[authority.index(after: authority.startIndex)..<end]
      return (host, behind.isEmpty ? nil : behind.dropFirst())
    }
    let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 2, let host = parts.first else {
      throw .malformed("It must name one host, without a user.")
    }
    return (host, parts.count == 2 ? parts[1] : nil)
  }

  private static func port(
    _ digits: Substring?, default fallback: UInt16
  ) throws(Mistake) -> UInt16 {
    guard let digits else { return fallback }
    guard (1...5).contains(digits.utf8.count),
      digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits), port > 0
    else { throw .malformed("The port must be from 1 to 65535.") }
    return port
  }

  private static func check(
    _ host: String, _ address: IPAddress?, isBracketed: Bool, _ policy: WebhookPolicy
  ) throws(Mistake) {
    if let address {
      guard address.isVersion4 != isBracketed else {
        throw .malformed("An IPv6 address, and no other, stands in brackets.")
      }
      if !policy.allowsPrivateHosts, let refusal = AddressScope.refusal(of: address) {
        throw .notPublic(refusal)
      }
      return
    }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    let isName = labels.allSatisfy { label in
      (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
        && label.utf8.allSatisfy {
          (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x5f
        }
    }
    guard !isBracketed, isName, host.utf8.count <= 253 else {
      throw .malformed("The host must be a name in ASCII, or an address.")
    }
    // `127.1` and `0x7f000001` are addresses to some.
    let last = labels.last ?? ""
    guard !last.allSatisfy(\.isNumber), !last.hasPrefix("0x") else {
      throw .malformed("An address must be written as usual.")
    }
    if labels.count < 2, !policy.allowsPrivateHosts {
      throw .notPublic("a name without a domain")
    }
  }

  /// Without path and query, where people put keys.
  package var redacted: String { RedactedURL(text).description }
}

/// Where webhooks may go. Both allowances are for development.
package struct WebhookPolicy: Sendable, Equatable {
  package var allowsHTTP: Bool
  /// Hosts without a domain, and addresses that aren't public.
  package var allowsPrivateHosts: Bool

  package init(allowsHTTP: Bool = false, allowsPrivateHosts: Bool = false) {
    self.allowsHTTP = allowsHTTP
    self.allowsPrivateHosts = allowsPrivateHosts
  }
}
