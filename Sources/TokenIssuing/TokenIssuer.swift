internal import Bytes
package import ChainTypes
internal import Foundation
package import JSON
internal import JWTKit
package import Tenancy
package import Tokens

/// Makes tokens, for development and tests: in earnest an identity provider does, which knows who
/// people are. Nothing that serves requests is built with it.
package struct TokenIssuer: Sendable {
  package let id: String
  package let algorithm: TokenAlgorithm
  private let signer: any JWTAlgorithm

  /// - Parameter material: a private key as PEM; for HS256 the secret itself
  package init(
    id: String, algorithm: TokenAlgorithm, material: String
  ) async throws(TokenKey.Failure) {
    let keys = JWTKeyCollection()
    do {
      switch algorithm {
      case .es256: await keys.add(ecdsa: try ES256PrivateKey(pem: material))
      case .edDSA: await keys.add(eddsa: try EdDSA.PrivateKey(pem: material))
      case .rs256:
        await keys.add(rsa: try Insecure.RSA.PrivateKey(pem: material), digestAlgorithm: .sha256)
      case .hs256:
        guard material.utf8.count >= TokenKey.minimumSecretBytes else {
          throw TokenKey.Failure(
            "the secret has fewer than \(TokenKey.minimumSecretBytes) bytes")
        }
        await keys.add(hmac: HMACKey(from: material), digestAlgorithm: .sha256)
      }
      signer = try await keys.getKey()
    } catch let failure as TokenKey.Failure {
      throw failure
    } catch {
      throw TokenKey.Failure("it isn't a private key in PEM that \(algorithm.rawValue) takes")
    }
    self.id = id
    self.algorithm = algorithm
  }

  /// A new key on P-256, as the PEM texts of its private and its public half.
  package static func newKey() -> (private: String, public: String) {
    let key = ES256PrivateKey()
    return (key.pemRepresentation, key.publicKey.pemRepresentation)
  }

  /// A token with the claims that are wanted here.
  package func token(
    issuer: String, audience: String, tenant: String, subject: String, roles: [UserRole],
    now: Timestamp, lifetimeSeconds: Int64
  ) throws -> String {
    let second = now.microseconds / 1_000_000
    return try token([
      "iss": .string(issuer), "aud": .string(audience), "sub": .string(subject),
      "tenant": .string(tenant), "roles": .array(roles.map { .string($0.rawValue) }),
      "iat": .integer(second), "exp": .integer(second + lifetimeSeconds),
    ])
  }

  /// A token with any claims, under the key's own header or another one.
  package func token(_ claims: JSONValue, header: JSONValue? = nil) throws -> String {
    try token(
      header: (header ?? self.header).bytes, claims: claims.bytes)
  }

  package var header: JSONValue {
    ["alg": .string(algorithm.rawValue), "typ": "JWT", "kid": .string(id)]
  }

  /// The same of bytes that may be no JSON.
  package func token(header: [UInt8], claims: [UInt8]) throws -> String {
    let message = "\(Base64.encodeURL(header)).\(Base64.encodeURL(claims))"
    return "\(message).\(Base64.encodeURL(try signer.sign(Array(message.utf8))))"
  }
}
