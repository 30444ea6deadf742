import ChainTypes
import Database
import Foundation
import Tenancy
import TestDatabases
import TestSupport
import Testing
import Tokens

@Suite("payctl audit and token")
struct AuditTests {
  private struct Record: Decodable {
    let action: String
    let actor: String
    let subject: String
    let tenant: String?
    let roles: [String]
  }

  private struct Outcome: Decodable {
    let tenant: String?
    let records: Int
    let broken: String?
  }

  private struct Created: Decodable {
    let id: String
  }

  private func records(_ sample: SampleDatabase, _ tenant: String?) throws -> [Record] {
    try sample.payctl(
      arguments: ["audit", "list", "--format", "json"] + (tenant.map { ["--tenant", $0] } ?? [])
    ).objects(Record.self)
  }

  @Test("what operators decide is recorded in its tenant's chain", arguments: TestEngine.allCases)
  func decisions(engine: TestEngine) async throws {
    let sample = try await SampleDatabase(engine)
    let made = try sample.payctl(
      "tenant", "key", "create", "--tenant", "stall", "--label", "till", "--format", "json")
    let key = try made.object(Created.self).id
    let canceled = try sample.payctl("payment", "cancel", sample.empty, "--by", "anna")
    #expect(canceled.status == 0, "\(canceled.errors)")
    // What can't be done leaves no record.
    let refused = try sample.payctl("payment", "cancel", sample.partly, "--by", "anna")
    #expect(refused.status == 1)
    #expect(try sample.payctl("tenant", "key", "revoke", key).status == 0)
    #expect(try sample.payctl("orders", "rebuild", "--check").status == 0)

    let shop = try records(sample, "shop")
    #expect(shop.map(\.action) == ["payment.cancel"])
    #expect(shop.allSatisfy { $0.actor == "payctl:anna" && $0.subject == sample.empty })
    let stall = try records(sample, "stall")
    #expect(stall.map(\.action) == ["key.create", "key.revoke"])
    #expect(stall.allSatisfy { $0.subject == key && $0.actor == "payctl:\(NSUserName())" })
    #expect(stall.allSatisfy { $0.roles == ["operator"] && $0.tenant == "stall" })
    #expect(try records(sample, nil).isEmpty)
  }

  @Test("what is done for no tenant is in operators' own chain")
  func operators() async throws {
    let sample = try await SampleDatabase()
    try await sample.append(102, halt: "a reorg below what was final")
    let told = try sample.payctl("chain", "resume", "bitcoin-regtest", "--by", "anna")
    #expect(told.status == 1)
    #expect(try records(sample, nil).isEmpty)
    let resumed = try sample.payctl(
      "chain", "resume", "bitcoin-regtest", "--by", "anna", "--confirm")
    #expect(resumed.status == 0, "\(resumed.errors)")
    let operators = try records(sample, nil)
    #expect(operators.map(\.action) == ["chain.resume"])
    #expect(operators.first?.tenant == nil && operators.first?.subject == "bitcoin-regtest")
  }

  @Test(
    "what was changed, or cut off since the head was kept, is named", arguments: TestEngine.allCases
  )
  func verify(engine: TestEngine) async throws {
    let sample = try await SampleDatabase(engine)
    for number in 0..<3 {
      #expect(
        try sample.payctl("tenant", "key", "create", "--tenant", "shop", "--label", "k\(number)")
          .status == 0)
    }
    let head = try sample.payctl("audit", "head")
    #expect(head.status == 0, "\(head.errors)")
    let file = try sample.scratch.write("heads", Array(head.output.utf8))
    func verify(_ arguments: String...) throws -> (Int32, [Outcome]) {
      let outcome = try sample.payctl(
        arguments: ["audit", "verify", "--format", "json"] + arguments)
      return (outcome.status, try outcome.objects(Outcome.self))
    }
    let whole = try verify("--head", file)
    #expect(whole.0 == 0 && whole.1.map(\.records) == [3] && whole.1.map(\.broken) == [nil])
    try await sample.change { connection in
      let hash = connection.dialect == .sqlite ? "zeroblob(32)" : "decode(repeat('00', 32), 'hex')"
      let trigger =
        connection.dialect == .sqlite
        ? "DROP TRIGGER audit_log_keeps_on_delete" : "DROP TRIGGER audit_log_keeps ON audit_log"
      for statement in [
        trigger, "DELETE FROM audit_log WHERE position > 0",
        "UPDATE audit_heads SET position = 0, hash = \(hash)",
      ] {
        try connection.execute(statement)
      }
    }
    #expect(try verify().0 == 0)
    let cut = try verify("--head", file)
    #expect(cut.0 == 1)
    #expect(cut.1.map(\.broken) == ["it ends at 0: the records to 3 were cut off"])
    let nonsense = try sample.scratch.write("nonsense", Array("{}\n".utf8))
    let refused = try sample.payctl("audit", "verify", "--head", nonsense)
    #expect(refused.status == 1 && refused.errors.contains("nonsense:1"))
  }

  @Test("a token is made with a key of one's own, and says what it is asked to")
  func token() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("token.key")
    let made = try await Program.payctl.finish(["token", "key", "--out", path])
    #expect(made.status == 0, "\(made.errors)")
    #expect(made.output.hasPrefix("-----BEGIN PUBLIC KEY-----"))
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let again = try await Program.payctl.finish(["token", "key", "--out", path])
    #expect(again.status == 1)
    func issue(_ more: [String]) async throws -> Program.Outcome {
      try await Program.payctl.finish(
        [
          "token", "issue", "--key", path, "--key-id", "dev", "--issuer", "me", "--audience",
          "paywatch", "--tenant", "main", "--subject", "anna",
        ] + more)
    }
    let issued = try await issue(["--role", "barista", "--role", "finance"])
    #expect(issued.status == 0, "\(issued.errors)")
    #expect(issued.errors.contains("For development only"))
    let rules = TokenVerifier.Rules(
      issuer: "me", audience: "paywatch", leewaySeconds: 30, maximumLifetimeSeconds: 900)
    let key = try await TokenKey(id: "dev", algorithm: .es256, material: made.output)
    let verifier = try #require(TokenVerifier(rules, keys: [key]))
    let claims = try verifier.claims(
      of: try #require(issued.lines.first),
      now: Timestamp(seconds: Int64(Date().timeIntervalSince1970)))
    #expect(claims.tenant == "main" && claims.subject == "anna")
    #expect(claims.roles == [.barista, .finance])
    #expect(try await issue(["--role", "king"]).errors.contains("king is no role"))
    #expect(
      try await issue(["--role", "barista", "--algorithm", "RS256"]).errors.contains("RS256 takes"))
  }
}
