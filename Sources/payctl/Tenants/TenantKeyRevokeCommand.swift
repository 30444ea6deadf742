internal import ArgumentParser
internal import Audit
internal import Bytes
internal import ChainTypes
internal import Database
internal import JSON
internal import Tenancy
internal import Watching

struct TenantKeyRevokeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Ends the validity of an API key, within seconds and for good."
  )

  @OptionGroup var database: DatabaseOptions

  @Argument(
    help: """
      The key: as `tenant key list` shows it (at least 6 digits of it), its label, or the API key \
      itself where it has become known.
      """)
  var key: String

  @Option(help: "Only among this tenant's keys.")
  var tenant: String?

  func run() async throws {
    let (key, tenant, now) = (key, tenant, SystemTime().now)
    let revoked = try await database.run { database in
      try await database.write { connection in
        let entry = try Self.find(key, tenant: tenant, in: connection)
        guard try APIKeys.revoke(digest: entry.digest, now: now, in: connection) else {
          throw CommandFailure("the key was revoked meanwhile")
        }
        try Operator.author(for: entry.tenant).note(
          "key.revoke", of: String(entry.digest.hex.prefix(12)), ["label": .string(entry.label)],
          now: now, in: connection)
        return TenantKeyLine(
          APIKeys.Entry(
            digest: entry.digest, tenant: entry.tenant, label: entry.label,
            createdAt: entry.createdAt, revokedAt: now))
      }
    }
    try TenantKeyLine.write([revoked], database.format)
  }

  /// The one valid key that `text` means.
  private static func find(
    _ text: String, tenant: String?, in connection: any SQLConnection
  ) throws -> APIKeys.Entry {
    // What may be the key itself isn't repeated.
    let digest = APIKey.digest(ofPresented: text)
    let name = digest == nil ? "“\(text)”" : "that text"
    var found = try APIKeys.beginning(digest?.hex ?? text, in: connection)
    if digest == nil {
      for entry in try APIKeys.labelled(text, tenant: tenant, in: connection)
      where !found.contains(entry) {
        found.append(entry)
      }
    }
    found = found.filter { tenant == nil || $0.tenant == tenant }
    let valid = found.filter { $0.revokedAt == nil }
    guard let entry = valid.first else {
      if let last = found.compactMap(\.revokedAt).max() {
        throw CommandFailure("the key \(name) was revoked at \(last)")
      }
      throw CommandFailure("there is no key \(name): see payctl tenant key list")
    }
    guard valid.count == 1 else {
      let all = valid.map { "\($0.digest.hex.prefix(12)) (\($0.tenant), \($0.label))" }
      throw CommandFailure(
        "\(name) means \(valid.count) keys: \(all.joined(separator: ", ")). Revoke one by its digits"
      )
    }
    return entry
  }
}
