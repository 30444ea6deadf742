package import ChainTypes
internal import JSON
package import Tenancy

/// What a believed token says.
package struct TokenClaims: Sendable, Equatable {
  package let tenant: String
  package let subject: String
  package let roles: Set<UserRole>
  /// From then on it isn't believed any more: `exp`, with what clocks may differ by.
  package let expiresAt: Timestamp
}

/// Reads claims (RFC 7519 section 4.1) one by one.
struct ClaimReader {
  private let json: JSONValue
  private static let maximumRoles = 32
  /// 9999-12-31T23:59:59Z.
  private static let latestSecond: Int64 = 253_402_300_799

  init(_ json: JSONValue) { self.json = json }

  func text(_ name: String) throws(TokenRefusal) -> String {
    guard let text = json[name]?.string, !text.isEmpty else { throw .claim(name) }
    return text
  }

  /// A NumericDate: seconds since 1970, a fraction left out.
  func optionalTime(_ name: String) throws(TokenRefusal) -> Timestamp? {
    guard let value = json[name] else { return nil }
    guard case .number(let text) = value,
      let second = Int64(text.prefix { $0 != "." }), (0...Self.latestSecond).contains(second),
      !text.contains(where: { $0 == "e" || $0 == "E" })
    else { throw .claim(name) }
    return Timestamp(seconds: second)
  }

  func time(_ name: String) throws(TokenRefusal) -> Timestamp {
    guard let time = try optionalTime(name) else { throw .claim(name) }
    return time
  }

  /// Whether it is meant for `audience`: one text, or a list of which one is it.
  func isMeant(for audience: String) throws(TokenRefusal) -> Bool {
    switch json["aud"] {
    case .string(let text)?: return text == audience
    case .array(let texts)?:
      guard texts.allSatisfy({ $0.string != nil }) else { throw .claim("aud") }
      return texts.contains(.string(audience))
    default: throw .claim("aud")
    }
  }

  func subject() throws(TokenRefusal) -> String {
    let subject = try text("sub")
    guard Principal.isValid(subject: subject) else { throw .claim("sub") }
    return subject
  }

  func tenant() throws(TokenRefusal) -> String {
    let tenant = try text("tenant")
    guard Tenants.isValid(id: tenant) else { throw .claim("tenant") }
    return tenant
  }

  /// Roles that aren't known here are refused: whoever issues them means something by them.
  func roles() throws(TokenRefusal) -> Set<UserRole> {
    guard let values = json["roles"]?.elements, (1...Self.maximumRoles).contains(values.count)
    else { throw .claim("roles") }
    var roles: Set<UserRole> = []
    for value in values {
      guard let role = value.string.flatMap(UserRole.init) else { throw .claim("roles") }
      roles.insert(role)
    }
    return roles
  }
}
