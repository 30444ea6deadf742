internal import Bytes
internal import ChainTypes
internal import Tenancy

/// An API key as an operator sees it: never the key itself.
struct TenantKeyLine: Encodable, Sendable {
  /// The beginning of the key's digest, enough to tell keys apart.
  let id: String
  let tenant: String
  let label: String
  let createdAt: String
  let revokedAt: String?

  init(_ entry: APIKeys.Entry) {
    id = String(entry.digest.hex.prefix(12))
    tenant = entry.tenant
    label = entry.label
    createdAt = entry.createdAt.description
    revokedAt = entry.revokedAt?.description
  }

  static func write(_ lines: [TenantKeyLine], _ format: OutputFormat) throws {
    guard format == .table else { return try Answers.writeLines(lines) }
    var table = Table("key", "tenant", "created", "revoked", "label")
    for line in lines {
      table.append(line.id, line.tenant, line.createdAt, line.revokedAt ?? "-", line.label)
    }
    try table.write()
  }
}
