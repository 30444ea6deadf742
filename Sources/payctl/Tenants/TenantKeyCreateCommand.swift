internal import ArgumentParser
internal import Audit
internal import Bytes
internal import ChainTypes
internal import Database
internal import JSON
internal import Tenancy
internal import Watching

struct TenantKeyCreateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Makes an API key and shows it, this once.",
    discussion: "The database keeps its SHA-256 only: who loses the key makes another.")

  @OptionGroup var database: DatabaseOptions

  @Option(help: "Whose key it is.")
  var tenant: String

  @Option(help: "What it is for: unique among the tenant's valid keys.")
  var label: String

  private struct Answer: Encodable {
    let id: String
    let tenant: String
    let label: String
    let key: String
  }

  func validate() throws {
    guard (1...100).contains(label.utf8.count), label.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
    else { throw ValidationError("--label has 1 to 100 bytes and no control characters") }
  }

  func run() async throws {
    let (tenant, label, now) = (tenant, label, SystemTime().now)
    let key = APIKey.generate()
    try await database.run { database in
      try await database.write { connection in
        guard try Tenants.find(tenant, in: connection) != nil else {
          throw CommandFailure("there is no tenant \(tenant): see payctl tenant list")
        }
        let same = try APIKeys.labelled(label, tenant: tenant, in: connection)
        guard !same.contains(where: { $0.revokedAt == nil }) else {
          throw CommandFailure(
            "\(tenant) has a valid key \(label): revoke that, or choose another label")
        }
        try APIKeys.issue(key, tenant: tenant, label: label, now: now, in: connection)
        try Operator.author(for: tenant).note(
          "key.create", of: String(key.digest.hex.prefix(12)), ["label": .string(label)], now: now,
          in: connection)
      }
    }
    let id = String(key.digest.hex.prefix(12))
    try Answers.write(
      Answer(id: id, tenant: tenant, label: label, key: key.text), database.format,
      table: [("key", id), ("tenant", tenant), ("label", label), ("API key", key.text)])
    StandardError.writeLine("It is shown this once: keep it where only its program reads it.")
  }
}
