internal import Foundation
internal import JSON
internal import JWTKit

/// A key under whose signatures tokens are believed, with the one algorithm that it is for.
package struct TokenKey: Sendable {
  /// The `kid` by which tokens name it.
  package let id: String
  package let algorithm: TokenAlgorithm
  private let verifier: any JWTAlgorithm

  /// Why a key can't be used. Nothing of the key stands in it.
  package struct Failure: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
  }

  /// How long ids may be.
  package static let maximumIDBytes = 128
  /// What an HMAC with SHA-256 needs (RFC 7518 section 3.2).
  package static let minimumSecretBytes = 32

  /// - Parameter material: a public key as PEM; for HS256 the secret itself
  package init(
    id: String, algorithm: TokenAlgorithm, material: String
  ) async throws(Failure) {
    let keys = JWTKeyCollection()
    do {
      switch algorithm {
      case .es256: await keys.add(ecdsa: try ES256PublicKey(pem: material))
      case .edDSA: await keys.add(eddsa: try EdDSA.PublicKey(pem: material))
      case .rs256:
        await keys.add(rsa: try Insecure.RSA.PublicKey(pem: material), digestAlgorithm: .sha256)
      case .hs256:
        guard material.utf8.count >= Self.minimumSecretBytes else {
          throw Failure("the secret has fewer than \(Self.minimumSecretBytes) bytes")
        }
        await keys.add(hmac: HMACKey(from: material), digestAlgorithm: .sha256)
      }
      try await self.init(id: id, algorithm: algorithm, keys)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Self.unusable(algorithm)
    }
  }

  private init(
    id: String, algorithm: TokenAlgorithm, _ keys: JWTKeyCollection
  ) async throws {
    guard (1...Self.maximumIDBytes).contains(id.utf8.count) else {
      throw Failure("a key's id has 1 to \(Self.maximumIDBytes) bytes")
    }
    self.id = id
    self.algorithm = algorithm
    verifier = try await keys.getKey()
  }

  private static func unusable(_ algorithm: TokenAlgorithm) -> Failure {
    let wanted =
      switch algorithm {
      case .es256: "a public key on P-256 in PEM (BEGIN PUBLIC KEY)"
      case .edDSA: "a public Ed25519 key in PEM (BEGIN PUBLIC KEY)"
      case .rs256: "a public RSA key of 2048 bits or more in PEM (BEGIN PUBLIC KEY)"
      case .hs256: "a secret"
      }
    return Failure("it isn't \(wanted), which \(algorithm.rawValue) takes")
  }

  /// Whether the signature is this key's, by its own algorithm.
  package func signed(_ message: [UInt8], _ signature: [UInt8]) -> Bool {
    // What has no signature's form isn't one.
    (try? verifier.verify(signature, signs: message)) ?? false
  }
}

// Key sets.
extension TokenKey {
  /// The keys of a JSON Web Key Set (RFC 7517): public ones only, each with `kid` and `alg`.
  package static func keys(ofSet text: String) async throws(Failure) -> [TokenKey] {
    guard let set = try? JSONValue(parsing: Array(text.utf8)),
      let elements = set["keys"]?.elements, (1...100).contains(elements.count)
    else { throw Failure("it isn't a JSON Web Key Set with 1 to 100 keys") }
    var keys: [TokenKey] = []
    for (place, element) in elements.enumerated() {
      do {
        keys.append(try await key(element))
      } catch {
        throw Failure("keys[\(place)]: \(error)")
      }
    }
    return keys
  }

  private static func key(_ json: JSONValue) async throws(Failure) -> TokenKey {
    for name in ["d", "p", "q", "dp", "dq", "qi", "k"] where json[name] != nil {
      throw Failure("it holds a secret (\(name)); only public keys belong here")
    }
    guard let id = json["kid"]?.string else { throw Failure("it has no kid") }
    guard let algorithm = json["alg"]?.string.flatMap(TokenAlgorithm.init), algorithm != .hs256
    else { throw Failure("its alg must be ES256, EdDSA or RS256") }
    guard json["use"] == nil || json["use"] == "sig" else {
      throw Failure("its use isn't sig")
    }
    func text(_ name: String) throws(Failure) -> String {
      guard let text = json[name]?.string else { throw Failure("it has no \(name)") }
      return text
    }
    let keys = JWTKeyCollection()
    do {
      switch (algorithm, json["kty"]?.string, json["crv"]?.string) {
      case (.es256, "EC", "P-256"):
        await keys.add(ecdsa: try ES256PublicKey(parameters: (try text("x"), try text("y"))))
      case (.edDSA, "OKP", "Ed25519"):
        await keys.add(eddsa: try EdDSA.PublicKey(x: try text("x"), curve: .ed25519))
      case (.rs256, "RSA", _):
        await keys.add(
          rsa: try Insecure.RSA.PublicKey(modulus: try text("n"), exponent: try text("e")),
          digestAlgorithm: .sha256)
      default: throw Failure("its kty or crv isn't that of \(algorithm.rawValue)")
      }
      return try await TokenKey(id: id, algorithm: algorithm, keys)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure("it isn't a key that \(algorithm.rawValue) takes")
    }
  }
}
