/// A URL as it may be logged: scheme, host and port. User info, path and query are where node
/// providers put their keys.
package struct RedactedURL: Equatable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ url: String) {
    guard let separator = url.firstRange(of: "://") else {
      description = "(not a URL)"
      return
    }
    let scheme = url[..<separator.lowerBound]
    let rest = url[separator.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" && $0 != "\\" }
    // The last "@": everything before it is user info, whatever it holds.
    let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] }
    let hidden = rest.endIndex != authority.endIndex && rest[authority.endIndex...] != "/"
    description = "\(scheme)://\(host ?? authority)\(hidden ? "/…" : "")"
  }
}
