internal import ArgumentParser
internal import ChainTypes
internal import Database
internal import Tenancy

struct TenantListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists tenants, and how many valid API keys each has.")

  @OptionGroup var database: DatabaseOptions

  private struct Line: Encodable, Sendable {
    let id: String
    let name: String
    let createdAt: String
    let validKeys: Int
  }

  func run() async throws {
    let lines = try await database.run { database in
      try await database.read { connection in
        var lines: [Line] = []
        while true {
          let tenants = try Tenants.list(after: lines.last?.id, limit: 1_000, in: connection)
          for tenant in tenants {
            let keys = try APIKeys.validCount(tenant: tenant.id, in: connection)
            lines.append(
              Line(
                id: tenant.id, name: tenant.name, createdAt: tenant.createdAt.description,
                validKeys: keys))
          }
          if tenants.isEmpty { return lines }
        }
      }
    }
    guard database.format == .table else { return try Answers.writeLines(lines) }
    var table = Table("tenant", "valid keys", "since", "name")
    for line in lines { table.append(line.id, "\(line.validKeys)", line.createdAt, line.name) }
    try table.write()
  }
}
