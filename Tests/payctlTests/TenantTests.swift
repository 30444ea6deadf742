import Bytes
import Database
import SQLite
import Tenancy
import TestSupport
import Testing

@Suite("payctl tenant")
struct TenantTests {
  private struct Tenant: Decodable {
    let id: String
    let name: String
    let validKeys: Int
  }

  private struct Created: Decodable {
    let id: String
    let key: String
  }

  private struct Key: Decodable {
    let id: String
    let tenant: String
    let label: String
    let revokedAt: String?
  }

  private func create(
    _ sample: SampleDatabase, _ tenant: String, _ label: String
  ) throws -> Created {
    let outcome = try sample.payctl(
      "tenant", "key", "create", "--tenant", tenant, "--label", label, "--format", "json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try outcome.object(Created.self)
  }

  @Test("a new key opens the API until it is revoked, and is nowhere in the database")
  func life() async throws {
    let sample = try await SampleDatabase()
    let created = try create(sample, "shop", "till 1")
    let digest = try #require(APIKey.digest(ofPresented: created.key))
    #expect(digest.hex.hasPrefix(created.id))
    func tenant() async throws -> String? {
      let database = try SQLiteDatabase(path: sample.path)
      let tenant = try await database.read { try APIKeys.authenticate(digest: digest, in: $0) }
      try await database.close()
      return tenant
    }
    #expect(try await tenant() == "shop")
    let listed = try sample.payctl("tenant", "key", "list")
    #expect(listed.output.contains("till 1"))
    #expect(!listed.output.contains("pwk_"))
    let tenants = try sample.payctl("tenant", "list", "--format", "json").objects(Tenant.self)
    #expect(tenants.map(\.id) == ["shop", "stall"])
    #expect(tenants.map(\.validKeys) == [1, 0])

    let revoked = try sample.payctl("tenant", "key", "revoke", created.id, "--format", "json")
    #expect(revoked.status == 0, "\(revoked.errors)")
    #expect(try revoked.object(Key.self).revokedAt != nil)
    #expect(try await tenant() == nil)
    let again = try sample.payctl("tenant", "key", "revoke", "till 1")
    #expect(again.status == 1)
    #expect(again.errors.contains("was revoked at"))
    // A label is free again once its key isn't valid any more.
    _ = try create(sample, "shop", "till 1")
  }

  @Test("a key is revoked by its label only where that means one key")
  func ambiguity() async throws {
    let sample = try await SampleDatabase()
    let first = try create(sample, "shop", "backend")
    let second = try create(sample, "stall", "backend")
    let refused = try sample.payctl(
      "tenant", "key", "create", "--tenant", "shop", "--label", "backend")
    #expect(refused.status == 1)
    #expect(refused.errors.contains("shop has a valid key backend"))

    let both = try sample.payctl("tenant", "key", "revoke", "backend")
    #expect(both.status == 1)
    #expect(both.errors.contains("means 2 keys"))
    #expect(both.errors.contains(first.id) && both.errors.contains(second.id))
    #expect(
      try sample.payctl("tenant", "key", "revoke", "backend", "--tenant", "stall").status == 0)
    let keys = try sample.payctl("tenant", "key", "list", "--tenant", "shop", "--format", "json")
    #expect(try keys.objects(Key.self).map(\.revokedAt) == [nil])
    // A key that has become known is revoked by itself, and not repeated.
    let known = try sample.payctl("tenant", "key", "revoke", first.key)
    #expect(known.status == 0)
    let gone = try sample.payctl("tenant", "key", "revoke", first.key)
    #expect(gone.status == 1)
    #expect(!gone.errors.contains(first.key))
  }

  @Test("tenants, labels and keys that aren't there are refused")
  func refusals() async throws {
    let sample = try await SampleDatabase()
    let nobody = try sample.payctl(
      "tenant", "key", "create", "--tenant", "nobody", "--label", "x")
    #expect(nobody.status == 1)
    #expect(nobody.errors.contains("there is no tenant nobody"))
    #expect(nobody.output.isEmpty)
    #expect(
      try sample.payctl("tenant", "key", "create", "--tenant", "shop", "--label", "").status
        == 64)
    #expect(try sample.payctl("tenant", "key", "list", "--tenant", "nobody").status == 1)
    // Five digits are too few to mean a key.
    let created = try create(sample, "shop", "one")
    let short = try sample.payctl("tenant", "key", "revoke", String(created.id.prefix(5)))
    #expect(short.errors.contains("there is no key"))
    #expect(
      try sample.payctl("tenant", "key", "revoke", created.id, "--tenant", "stall").status == 1)
  }
}
