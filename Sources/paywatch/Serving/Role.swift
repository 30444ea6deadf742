internal import ArgumentParser

/// What a process does. One does all of it, or several share it in any split.
enum Role: String, CaseIterable, Sendable {
  /// Answers HTTP requests.
  case api
  /// Watches chains, sends what was signed to the nodes, and derives addresses.
  case watcher
  /// Gives events their positions and copies them to Kafka.
  case relay
  /// Does what tenants' policies say of late, short and excess money, which may request refunds,
  /// and removes what is kept for a time only.
  case services
  /// Serves orders, hears of their payments, and carries them on.
  case orders
  /// Serves stock, and ends reservations that weren't used in time.
  case supply
  /// Tells people and programs what has happened, by webhook and otherwise.
  case notifications
  /// Asks for rates, and serves them and quotes.
  case prices
  /// Serves claims, and issues them as orders become ready.
  case claiming

  /// What must run for it, beside the server.
  var parts: [String] {
    switch self {
    case .api: []
    case .watcher: ["watcher", "addresses"]
    case .relay: ["relay"]
    case .services: ["services", "remedies", "cache"]
    case .orders: ["orders"]
    case .supply: ["supply"]
    case .notifications: ["notifications"]
    case .prices: ["prices"]
    case .claiming: ["claiming"]
    }
  }
}

/// Roles as `--roles` takes them, separated by commas.
struct RoleList: ExpressibleByArgument, CustomStringConvertible {
  let roles: Set<Role>

  static let all = RoleList(roles: Set(Role.allCases))

  init(roles: Set<Role>) { self.roles = roles }

  init?(argument: String) {
    var roles: Set<Role> = []
    for word in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let role = Role(rawValue: String(word)) else { return nil }
      roles.insert(role)
    }
    self.roles = roles
  }

  /// In the order of the cases.
  var description: String {
    Role.allCases.filter(roles.contains).map(\.rawValue).joined(separator: ",")
  }

  static var allValueStrings: [String] { Role.allCases.map(\.rawValue) }
}
