internal import HTTPTypes
internal import JSON
package import Tenancy

/// Who may use a route.
package struct RouteAccess: Sendable, Equatable {
  /// The people; nil where nobody has to say who asks.
  package let roles: Set<UserRole>?
  /// Whether the tenant's programs may, which have API keys.
  package let takesKeys: Bool

  /// Whoever reaches the port.
  package static let open = RouteAccess(roles: nil, takesKeys: true)

  /// The tenant's programs alone.
  package static let tenant = RouteAccess(roles: [], takesKeys: true)

  /// People of these roles, and the tenant's programs.
  package static func roles(_ roles: UserRole...) -> RouteAccess {
    RouteAccess(roles: Set(roles), takesKeys: true)
  }

  /// People of these roles, and no program.
  package static func people(_ roles: UserRole...) -> RouteAccess {
    RouteAccess(roles: Set(roles), takesKeys: false)
  }

  private init(roles: Set<UserRole>?, takesKeys: Bool) {
    self.roles = roles
    self.takesKeys = takesKeys
  }

  package var isOpen: Bool { roles == nil }

  /// Problem 403 where the route isn't for them; it names who may use it.
  func check(_ principal: Principal) throws(Problem) {
    guard let roles else { return }
    switch principal.kind {
    case .key where takesKeys: return
    case .token where !roles.isDisjoint(with: principal.roles): return
    case .key, .token: throw .forbidden(roles: roles.sorted(), takesKeys: takesKeys)
    }
  }

  /// The customer whose things alone the request may see and change: of one who is admitted for
  /// being a customer, and for nothing more.
  func customer(_ principal: Principal) -> String? {
    guard let roles, principal.kind == .token,
      roles.intersection(principal.roles) == [.customer]
    else { return nil }
    return principal.subject
  }
}

extension Problem {
  /// Whoever asks is known, and may not do this.
  fileprivate static func forbidden(roles: [UserRole], takesKeys: Bool) -> Problem {
    let names = roles.map(\.rawValue)
    let who = names + (takesKeys ? ["an API key"] : [])
    return Problem(
      .forbidden, "forbidden", "Who asks may not do this.",
      "It takes: \(who.joined(separator: ", ")).",
      extensions: [
        .init("roles", .array(names.map { .string($0) })), .init("api_key", .bool(takesKeys)),
      ],
      headers: [
        .wwwAuthenticate: #"Bearer realm="paywatch", error="insufficient_scope""#
      ])
  }
}
