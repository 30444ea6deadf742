package import ChainTypes
internal import HTTPTypes
package import Tokens

/// How people's tokens are believed, where a process takes any.
package struct TokenAuthentication: Sendable {
  let verifier: TokenVerifier
  /// The time of day, by which tokens begin and end.
  let now: @Sendable () -> Timestamp

  package init(_ verifier: TokenVerifier, now: @escaping @Sendable () -> Timestamp) {
    self.verifier = verifier
    self.now = now
  }
}

extension Problem {
  init(_ refusal: TokenRefusal) {
    self = .invalidToken(refusal.sentence)
  }

  /// - Parameter sentence: ASCII without quotes
  static func invalidToken(_ sentence: String) -> Problem {
    var problem = Problem.unauthorized(sentence)
    problem.headers[.wwwAuthenticate] =
      #"Bearer realm="paywatch", error="invalid_token", error_description="\#(sentence)""#
    return problem
  }
}
