import ChainTypes
import Database
import Foundation
import LoopbackHTTP
import SQLite
import Tenancy
import TestSupport

/// Requests with a key of the tenant's.
struct ShopClient {
  let port: Int
  let key: APIKey

  init(port: Int, _ directory: TemporaryDirectory) async throws {
    let key = APIKey.generate()
    let database = try SQLiteDatabase(path: directory.path("paywatch.sqlite"))
    try await database.write {
      try APIKeys.issue(
        key, tenant: "shop", label: "test", now: Timestamp(seconds: 0), in: $0)
    }
    try await database.close()
    self.init(port: port, key: key)
  }

  private init(port: Int, key: APIKey) {
    self.port = port
    self.key = key
  }

  func on(port: Int) -> ShopClient { ShopClient(port: port, key: key) }

  func send(
    _ method: String, _ path: String, _ body: String? = nil
  ) async throws -> TestConnection.Answer {
    try await TestConnection(port: port).send(
      method, path,
      headers: [
        "Authorization": "Bearer \(key.text)", "Idempotency-Key": "\(UUID().uuidString)",
      ], body: body)
  }
}
