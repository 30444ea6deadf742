internal import Foundation

/// A postgresql:// connection URI (postgresql.org/docs/15, 34.1.1.2) without its password, as it
/// may stand among a program's arguments, which everyone on the machine can read.
struct PostgresLocation: Sendable, Equatable {
  let uri: String
  let password: String?

  init(_ uri: String) {
    var rest = Substring(uri)
    var scheme = Substring()
    if let range = rest.range(of: "://") {
      scheme = rest[..<range.upperBound]
      rest = rest[range.upperBound...]
    }
    var password: Substring?
    // As libpq reads it: a user ends at the first @ that comes before any /.
    if let end = rest.firstIndex(where: { $0 == "@" || $0 == "/" }), rest[end] == "@" {
      let user = rest[..<end]
      if let colon = user.firstIndex(of: ":") {
        password = user[user.index(after: colon)...]
        rest = user[..<colon] + rest[end...]
      }
    }
    if let mark = rest.firstIndex(of: "?") {
      var parameters = rest[rest.index(after: mark)...].split(separator: "&")
      if let last = parameters.last(where: { $0.hasPrefix("password=") }) {
        password = last.dropFirst("password=".count)
        parameters.removeAll { $0.hasPrefix("password=") }
      }
      rest = rest[..<mark] + (parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&"))
    }
    self.uri = String(scheme + rest)
    self.password = password.map { $0.removingPercentEncoding ?? String($0) }
  }

  /// What a program needs in its environment; a password that is there already stays where the URI
  /// has none.
  var environment: [String: String] {
    password.map { ["PGPASSWORD": $0] } ?? [:]
  }
}
