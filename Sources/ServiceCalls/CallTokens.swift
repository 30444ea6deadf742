internal import Bytes
internal import Digests

/// The tokens with which processes know each other: one is sent, several are taken, so that they
/// can be changed one process after the other.
package struct CallTokens: Sendable {
  /// What a call carries.
  let header: String
  private let digests: [Hash32]

  /// - Parameter tokens: the first is sent, each is taken; there must be one
  package init(_ tokens: [String]) {
    precondition(!tokens.isEmpty, "the configuration has one")
    header = Self.scheme + tokens[0]
    digests = tokens.map { SHA256.hash(Array($0.utf8)) }
  }

  private static let scheme = "Bearer "

  /// Whether an `authorization` holds one of the tokens. How long that takes tells nothing of them:
  /// digests are compared, all of them and to their ends.
  func accepts(_ header: String) -> Bool {
    guard header.hasPrefix(Self.scheme) else { return false }
    let presented = SHA256.hash(Array(header.dropFirst(Self.scheme.count).utf8))
    var isAccepted = false
    for digest in digests {
      isAccepted = ConstantTime.areEqual(digest, presented) || isAccepted
    }
    return isAccepted
  }
}
