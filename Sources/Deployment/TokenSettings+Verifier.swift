package import Settings
package import Tokens

extension TokenSettings {
  /// Why a configured key can't be used: the setting's path and a sentence.
  package struct Mistake: Error, CustomStringConvertible {
    package let description: String
  }

  /// What believes the tokens that these settings describe.
  package func verifier() async throws(Mistake) -> TokenVerifier {
    var all: [TokenKey] = []
    for (place, key) in keys.enumerated() {
      guard let algorithm = TokenAlgorithm(rawValue: key.algorithm.rawValue) else {
        preconditionFailure("both name the same algorithms")
      }
      do {
        all.append(
          try await TokenKey(id: key.id, algorithm: algorithm, material: key.material.text))
      } catch {
        throw Mistake(description: "authentication.jwt.keys[\(place)].file: \(error)")
      }
    }
    do {
      if let keySet { all += try await TokenKey.keys(ofSet: keySet.text) }
    } catch {
      throw Mistake(description: "authentication.jwt.jwks_file: \(error)")
    }
    let rules = TokenVerifier.Rules(
      issuer: issuer, audience: audience, leewaySeconds: Int64(leewaySeconds),
      maximumLifetimeSeconds: Int64(maximumLifetimeSeconds))
    guard let verifier = TokenVerifier(rules, keys: all) else {
      throw Mistake(description: "authentication.jwt: two keys have one id")
    }
    return verifier
  }
}
