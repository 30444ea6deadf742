internal import ArgumentParser
internal import ChainTypes
internal import Foundation
internal import Signing
internal import Tenancy
internal import TokenIssuing
internal import Tokens
internal import Watching

struct TokenIssueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "issue", abstract: "Makes a token for somebody with roles, for development.",
    discussion: """
      The configuration must have the key's public half under the same id, issuer and audience. \
      Nothing is recorded, and nothing can be taken back but by removing the key: give it a short \
      life.
      """)

  @Option(help: "The private key: PEM, or the secret of HS256.", completion: .file())
  var key: String

  @Option(help: "The key's id in the configuration.")
  var keyID: String

  @Option(help: "ES256, EdDSA, RS256 or HS256.")
  var algorithm: String = TokenAlgorithm.es256.rawValue

  @Option(help: "The configuration's issuer.")
  var issuer: String

  @Option(help: "The configuration's audience.")
  var audience: String

  @Option(help: "For which tenant.")
  var tenant: String

  @Option(help: "Whose it is: a name, or of a customer what orders have as customer.")
  var subject: String

  @Option(
    help: "customer, barista, shop_manager, finance, operator or auditor. May be repeated.")
  var role: [String]

  @Option(help: "For how long it is valid, at most a day.")
  var lifetimeSeconds: Int64 = 900

  func validate() throws {
    guard Tenants.isValid(id: tenant) else { throw ValidationError("--tenant is a tenant's id") }
    guard Principal.isValid(subject: subject) else {
      throw ValidationError(
        "--subject has 1 to \(Principal.maximumSubjectBytes) bytes, and no control characters")
    }
    for name in role where UserRole(rawValue: name) == nil {
      let known = UserRole.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("\(name) is no role; these are: \(known)")
    }
    guard TokenAlgorithm(rawValue: algorithm) != nil else {
      let known = TokenAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--algorithm is one of \(known)")
    }
    guard (1...86_400).contains(lifetimeSeconds) else {
      throw ValidationError("--lifetime-seconds is 1 to 86400")
    }
  }

  func run() async throws {
    let material: String
    do {
      material = String(
        decoding: try WholeFile.read(key, limit: 65_536), as: UTF8.self
      ).trimmingCharacters(in: .newlines)
    } catch {
      throw CommandFailure("\(error)")
    }
    let issuing: TokenIssuer
    do {
      issuing = try await TokenIssuer(
        id: keyID, algorithm: TokenAlgorithm(rawValue: algorithm) ?? .es256, material: material)
    } catch {
      throw CommandFailure("\(key): \(error)")
    }
    let token = try issuing.token(
      issuer: issuer, audience: audience, tenant: tenant, subject: subject,
      roles: role.compactMap(UserRole.init), now: SystemTime().now,
      lifetimeSeconds: lifetimeSeconds)
    try Answers.writeLines(texts: [token])
    StandardError.writeLine(
      "For development only: whoever has it is \(subject) of \(tenant) for \(lifetimeSeconds) s.")
  }
}
