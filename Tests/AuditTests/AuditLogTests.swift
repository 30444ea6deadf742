import Audit
import Bytes
import ChainTypes
import Database
import Digests
import JSON
import TestDatabases
import Testing

@Suite("The audit log")
struct AuditLogTests {
  private typealias Scene = AuditScene

  @Test("a record says who did what to what, and is hashed as anybody can do it")
  func record() async throws {
    let scene = try await Scene()
    try await scene.database.write {
      try Scene.author().note(
        "supply.adjust", of: "sup_1", ["why": "a \"spill\"\n", "by": ["b": 1, "a": -2]],
        now: Scene.now, in: $0)
    }
    let record = try #require(try await scene.records().first)
    let text =
      #"{"action":"supply.adjust","actor":"user:anna","details":{"by":{"a":-2,"b":1},"#
      + #""why":"a \"spill\"\u000a"},"occurred_at":"2027-01-15T08:00:00.123Z","position":1,"#
      + #""previous_hash":"\#(String(repeating: "0", count: 64))","#
      + #""roles":["barista","shop_manager"],"subject":"sup_1","tenant":"shop"}"#
    #expect(record.text == text)
    #expect(record.hash == SHA256.hash(Array(text.utf8)))
    // What is shown, without its hash, is what was hashed.
    let shown = try JSONValue(parsing: Array(record.json.utf8))
    #expect(shown["hash"] == .string(record.hash.hex))
    #expect(record.json.replacing(#""hash":"\#(record.hash.hex)","#, with: "") == text)
    #expect(try await scene.broken() == nil)
  }

  @Test("each tenant has a chain of its own, and operators have one")
  func chains() async throws {
    let scene = try await Scene()
    for tenant in ["shop", nil, "bakery", "shop"] as [String?] {
      try await scene.note(2, for: tenant)
    }
    for (tenant, count) in [("shop", 4), (nil, 2), ("bakery", 2)] as [(String?, Int)] {
      let records = try await scene.records(tenant)
      #expect(records.map(\.position) == Array(1...Int64(count)))
      #expect(records.allSatisfy { $0.tenant == tenant })
      #expect(try await scene.broken(tenant) == nil)
    }
    #expect(try await scene.heads().map(\.tenant) == [nil, "bakery", "shop"])
    #expect(try await scene.records("nobody").isEmpty)
    #expect(try await scene.broken("nobody") == nil)
    let all = try await scene.database.read { try AuditVerification().tenants(in: $0) }
    #expect(all == [nil, "bakery", "shop"])
  }

  @Test("an action that is undone leaves no record, nor a gap")
  func undone() async throws {
    struct Undone: Error {}
    let scene = try await Scene()
    try await scene.note(1)
    for _ in 0..<2 {
      await #expect(throws: Undone.self) {
        try await scene.database.write { connection in
          try Scene.author().note("order.cancel", of: "ord_9", now: Scene.now, in: connection)
          throw Undone()
        }
      }
    }
    try await scene.note(1)
    let records = try await scene.records()
    #expect(records.map(\.action) == ["order.ready", "order.ready"])
    #expect(records.map(\.position) == [1, 2])
    #expect(try await scene.broken() == nil)
  }

  @Test("records are read by who did what to what, page by page")
  func reading() async throws {
    let scene = try await Scene()
    try await scene.note(5)
    try await scene.database.write {
      let other = AuditAuthor(tenant: "shop", actor: "key:abc", roles: [])
      try other.note("payment.cancel", of: "pay_1", now: Scene.now, in: $0)
    }
    func positions(
      after: Int64 = 0, limit: Int = 100, actor: String? = nil, action: String? = nil,
      subject: String? = nil
    ) async throws -> [Int64] {
      try await scene.database.read {
        try AuditLog.page(
          of: "shop", after: after, limit: limit, actor: actor, action: action, subject: subject,
          in: $0
        ).map(\.position)
      }
    }
    #expect(try await positions(after: 2, limit: 2) == [3, 4])
    #expect(try await positions(actor: "key:abc") == [6])
    #expect(try await positions(action: "order.ready", subject: "ord_3") == [4])
    #expect(try await positions(after: 6) == [])
  }

  @Test("long details are left out, long names cut, and neither breaks the chain")
  func bounds() async throws {
    let scene = try await Scene()
    let long = String(repeating: "é", count: 5_000)
    try await scene.database.write {
      try AuditAuthor(tenant: "shop", actor: "payctl:\(long)", roles: []).note(
        "order.cancel", of: long, ["note": .string(long)], now: Scene.now, in: $0)
    }
    let record = try #require(try await scene.records().first)
    #expect(record.details == #"{"omitted_bytes":10011}"#)
    #expect(record.subject == String(repeating: "é", count: 250))
    #expect((190...200).contains(record.actor.utf8.count))
    #expect(try await scene.broken() == nil)
  }

  @Test(
    "what was recorded can't be changed or removed by a statement", arguments: TestEngine.allCases)
  func kept(engine: TestEngine) async throws {
    let scene = try await Scene(engine)
    try await scene.note(3)
    let before = try await scene.records()
    var statements = [
      "UPDATE audit_log SET actor = 'user:ben'", "UPDATE audit_log SET position = position",
      "DELETE FROM audit_log", "DELETE FROM audit_log WHERE position = 3",
    ]
    if engine == .postgreSQL { statements.append("TRUNCATE audit_log") }
    for statement in statements {
      await #expect(throws: (any Error).self, "\(statement)") {
        try await scene.database.write { try $0.execute(statement) }
      }
    }
    #expect(try await scene.records() == before)
  }

  @Test("a tenant's transactions see and write that tenant's chain alone, and only at its end")
  func rows() async throws {
    let scene = try await Scene(.postgreSQL)
    for tenant in ["shop", "bakery", nil] as [String?] { try await scene.note(2, for: tenant) }
    try await scene.database.groupedWrite(as: "shop") {
      try Scene.author().note("order.ready", of: "ord_x", now: Scene.now, in: $0)
    }
    let seen = try await scene.database.read(as: "shop") {
      try $0.query("SELECT DISTINCT tenant FROM audit_log").map { try $0.text("tenant") }
    }
    #expect(seen == ["shop"])
    for other in ["bakery", nil] as [String?] {
      await #expect(throws: (any Error).self) {
        try await scene.database.groupedWrite(as: "shop") {
          try Scene.author(other).note("order.ready", of: "ord_x", now: Scene.now, in: $0)
        }
      }
    }
    for statement in [
      "UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log",
      "DELETE FROM audit_heads", "UPDATE audit_heads SET tenant = 'x'",
      "DROP TRIGGER audit_log_keeps ON audit_log",
    ] {
      await #expect("\(statement)") {
        try await scene.database.groupedWrite(as: "shop") { try $0.execute(statement) }
      } throws: { error in
        if case DatabaseError.notPermitted = error { true } else { false }
      }
    }
    for tenant in ["shop", "bakery", nil] as [String?] {
      #expect(try await scene.broken(tenant) == nil)
    }
  }

  @Test(
    "of many who record at once each has a place, none twice, none left out",
    arguments: TestEngine.allCases)
  func races(engine: TestEngine) async throws {
    struct Undone: Error {}
    let store = try await TestStore(engine)
    defer { withExtendedLifetime(store) {} }
    // As several processes would, and where chains are begun.
    let handles = try [store.open(), store.open(), store.open()]
    try await Migrator.migrate(
      handles[0], AuditSchema.migrations, component: AuditSchema.component)
    let (writers, each) = (24, 10)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<writers {
        group.addTask {
          let database = handles[writer % handles.count]
          let tenant: String? = writer % 3 == 0 ? nil : writer % 3 == 1 ? "shop" : "bakery"
          for number in 0..<each {
            let note: @Sendable (any SQLConnection) throws -> Void = {
              try Scene.author(tenant).note(
                "order.ready", of: "\(writer)-\(number)", now: Scene.now, in: $0)
            }
            // Some are undone in between.
            try? await database.groupedWrite { connection -> Void in
              try note(connection)
              throw Undone()
            }
            if let tenant {
              try await database.groupedWrite(as: tenant, note)
            } else {
              try await database.write(note)
            }
          }
        }
      }
      try await group.waitForAll()
    }
    let verification = AuditVerification()
    for tenant in ["shop", "bakery", nil] as [String?] {
      let (outcome, subjects) = try await handles[0].read { connection in
        (
          try verification.verify(tenant, in: connection),
          try AuditLog.page(of: tenant, after: 0, limit: 10_000, in: connection).map(\.subject)
        )
      }
      #expect(outcome.broken == nil)
      #expect(outcome.records == Int64(writers / 3 * each))
      #expect(Set(subjects).count == writers / 3 * each)
    }
    for handle in handles { try await handle.close() }
  }
}
