internal import ArgumentParser
internal import Database
internal import Tenancy

struct TenantKeyListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists API keys, newest first, revoked ones too.")

  @OptionGroup var database: DatabaseOptions

  @Option(help: "Only this tenant's.")
  var tenant: String?

  @Option(help: "How many, at most 10000.")
  var limit: Int = 100

  func validate() throws {
    guard (1...10_000).contains(limit) else { throw ValidationError("--limit is 1 to 10000") }
  }

  func run() async throws {
    let (tenant, limit) = (tenant, limit)
    let keys = try await database.run { database in
      try await database.read { connection in
        if let tenant, try Tenants.find(tenant, in: connection) == nil {
          throw CommandFailure("there is no tenant \(tenant): see payctl tenant list")
        }
        return try APIKeys.list(tenant: tenant, limit: limit, in: connection)
          .map(TenantKeyLine.init)
      }
    }
    try TenantKeyLine.write(keys, database.format)
  }
}
