import Aggregates
import Claiming
import Database
import GatewayFixtures
import JSON
import LoopbackHTTP
import TestDatabases
import Testing

@Suite("What knows a claim's code")
struct SecrecyTests {
  private struct Entry: Sendable {
    let table: String
    let text: String
  }

  /// Every value of every table, as text in capitals without hyphens.
  private static func entries(_ scene: ClaimScene) async throws -> [Entry] {
    try await scene.gateway.database.read { connection in
      var entries: [Entry] = []
      for table in try connection.tableNames() {
        for value in try connection.query("SELECT * FROM \(table)").flatMap(\.values) {
          let text: String
          switch value {
          case .text(let value): text = value
          case .blob(let bytes): text = String(decoding: bytes, as: UTF8.self)
          default: continue
          }
          entries.append(Entry(table: table, text: text.uppercased().replacing("-", with: "")))
        }
      }
      return entries
    }
  }

  @Test("a code stands in one table until the claim ends, and in two answers; in nothing else")
  func places() async throws {
    try await ClaimScene.run { scene in
      let (order, claim) = try await scene.claimed()
      var codes = [try await scene.code(claim)]
      _ = try await scene.show(wrongCode(1, not: codes[0]), for: claim)
      let renewed = try await scene.post("/v1/claims/\(claim)/renew")
      codes.append(try await scene.code(claim))
      let secrets = codes.map { $0.replacing("-", with: "") }
      func known() async throws -> [String] {
        try await Self.entries(scene).filter { entry in
          secrets.contains { entry.text.contains($0) }
        }.map(\.table)
      }
      #expect(try await known() == ["claim_codes"])
      var answers = [renewed, try await scene.show(codes[1], for: claim)]
      answers.append(try await scene.show(codes[1], for: claim))
      try await scene.hear()
      for path in [
        "claims", "claims/\(claim)", "orders/\(order)", "orders/\(order)/claim", "events",
      ] {
        answers.append(try await scene.gateway.get("/v1/\(path)"))
      }
      for answer in answers {
        let text = answer.body.uppercased().replacing("-", with: "")
        #expect(!secrets.contains { text.contains($0) }, "\(answer.body)")
      }
      #expect(try await known() == [])
      let facts = try await Self.entries(scene).filter { $0.table == "claim_facts" }
      #expect(facts.contains { $0.text.contains("ISSUED") })
    }
  }

  @Test("rows come back from facts as they were; a lost code is renewed")
  func rebuilt() async throws {
    try await ClaimScene.run { scene in
      let (_, done) = try await scene.claimed()
      _ = try await scene.show(scene.code(done), for: done)
      let (_, open) = try await scene.claimed()
      _ = try await scene.show(wrongCode(1, not: scene.code(open)), for: open)
      let before = [try await scene.claim(done), try await scene.claim(open)]
      let database = scene.gateway.database
      try await database.write { connection in
        try connection.execute("DELETE FROM claims WHERE claim_id = $1", [.text(done)])
        try connection.execute("UPDATE claims SET status = 'processed'")
        // Left over, as it never should be.
        try connection.execute(
          "INSERT INTO claim_codes (claim_id, tenant, code) VALUES ($1, 'roastery', 'x')",
          [.text(done)])
      }
      #expect(
        Set(try await ClaimService.rebuild(database, writing: false).differing) == [done, open])
      #expect(try await ClaimService.rebuild(database, writing: true).records == 2)
      #expect([try await scene.claim(done), try await scene.claim(open)] == before)
      try await scene.expectSound()
      try await database.write { _ = try $0.execute("DELETE FROM claim_codes") }
      try expect(
        try await scene.gateway.get("/v1/claims/\(open)/code"), is: 409, "claim-code-lost")
      _ = try await scene.post("/v1/claims/\(open)/renew")
      #expect(try await scene.show(scene.code(open), for: open).status == 200)
    }
  }
}
