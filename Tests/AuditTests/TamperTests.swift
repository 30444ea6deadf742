import Audit
import Bytes
import Database
import Digests
import TestDatabases
import Testing

@Suite("What is done to the audit log behind its back", .serialized)
struct TamperTests {
  private typealias Scene = AuditScene

  private func scene(_ engine: TestEngine = .selected) async throws -> AuditScene {
    let scene = try await Scene(engine)
    try await scene.note(10)
    try await scene.note(3, for: nil)
    #expect(try await scene.broken() == nil)
    return scene
  }

  @Test(
    "a changed column breaks the chain where it was changed",
    arguments: [
      "actor = 'user:ben'", "roles = 'barista'", "roles = ''", "action = 'order.cancel'",
      "subject = 'ord_x'", "details = '{}'", "details = '{\"number\": 4}'",
      "occurred_at = occurred_at + 1000", "occurred_at = occurred_at + 1",
    ])
  func changed(change: String) async throws {
    let scene = try await scene()
    try await scene.tamper("UPDATE audit_log SET \(change) WHERE tenant = 'shop' AND position = 5")
    #expect(try await scene.broken() == .changed(position: 5))
    // Others' chains know nothing of it.
    #expect(try await scene.broken(nil) == nil)
  }

  @Test("a record whose hash was made to fit is missed by the one behind it")
  func rehashed() async throws {
    let scene = try await scene()
    let fifth = try await scene.records()[4]
    let text = fifth.text.replacing("user:anna", with: "user:ben")
    let hash = SHA256.hash(Array(text.utf8)).hex
    let literal = scene.database.dialect == .sqlite ? "x'\(hash)'" : "'\\x\(hash)'"
    try await scene.tamper(
      """
      UPDATE audit_log SET actor = 'user:ben', hash = \(literal)
      WHERE tenant = 'shop' AND position = 5
      """)
    #expect(try await scene.broken() == .unlinked(position: 6))
  }

  @Test("a removed record is missing, the first and one in between")
  func removed() async throws {
    for position in [1, 5] as [Int64] {
      let scene = try await scene()
      try await scene.tamper(
        "DELETE FROM audit_log WHERE tenant = 'shop' AND position = \(position)")
      #expect(try await scene.broken() == .missing(position: position))
    }
  }

  @Test("records that changed places, and those that were moved up to close a gap, don't fit")
  func moved() async throws {
    let swapped = try await scene()
    func move(_ from: Int, _ to: Int) -> String {
      "UPDATE audit_log SET position = \(to) WHERE tenant = 'shop' AND position = \(from)"
    }
    try await swapped.tamper(move(4, 99), move(5, 4), move(99, 5))
    #expect(try await swapped.broken() == .changed(position: 4))
    let closed = try await scene()
    try await closed.tamper(
      "DELETE FROM audit_log WHERE tenant = 'shop' AND position = 9", move(10, 9))
    #expect(try await closed.broken() == .changed(position: 9))
    let given = try await scene()
    try await given.tamper(
      "UPDATE audit_log SET tenant = 'bakery' WHERE tenant = 'shop' AND position = 10")
    #expect(try await given.broken() == .cut(position: 9, head: 10))
    #expect(try await given.broken("bakery") == .missing(position: 1))
  }

  @Test("a tail that was cut off is missed by the head in the database, and by one kept elsewhere")
  func cut() async throws {
    let scene = try await scene()
    let kept = try await scene.heads()
    try await scene.note(2)
    #expect(try await scene.broken(kept: kept) == nil)
    try await scene.tamper("DELETE FROM audit_log WHERE tenant = 'shop' AND position > 8")
    #expect(try await scene.broken() == .cut(position: 8, head: 12))
    // Who cuts off the head's memory, too, is found by what was kept.
    let eighth = try await scene.records()[7]
    let hash = eighth.hash.hex
    let literal = scene.database.dialect == .sqlite ? "x'\(hash)'" : "'\\x\(hash)'"
    try await scene.tamper(
      "UPDATE audit_heads SET position = 8, hash = \(literal) WHERE tenant = 'shop'")
    #expect(try await scene.broken() == nil)
    #expect(try await scene.broken(kept: kept) == .cut(position: 8, head: 10))
    // Also once it has grown again.
    try await scene.note(5)
    #expect(try await scene.broken() == nil)
    #expect(try await scene.broken(kept: kept) == .replaced(position: 10))
  }

  @Test("a chain that was taken away as a whole is missed by what was kept")
  func gone() async throws {
    let scene = try await scene()
    let kept = try await scene.heads()
    try await scene.tamper("DELETE FROM audit_log", "DELETE FROM audit_heads")
    #expect(try await scene.broken() == nil)
    #expect(try await scene.broken(kept: kept) == .cut(position: 0, head: 10))
    let all = try await scene.database.read { try AuditVerification(kept: kept).tenants(in: $0) }
    #expect(all == [nil, "shop"])
  }

  @Test("records behind the head, and a head of another record, are told")
  func heads() async throws {
    let behind = try await scene()
    try await behind.tamper("UPDATE audit_heads SET position = 9 WHERE tenant = 'shop'")
    #expect(try await behind.broken() == .beyondHead(position: 10, head: 9))
    let other = try await scene()
    let zeros = String(repeating: "00", count: 32)
    let literal = other.database.dialect == .sqlite ? "x'\(zeros)'" : "'\\x\(zeros)'"
    try await other.tamper("UPDATE audit_heads SET hash = \(literal) WHERE tenant = 'shop'")
    #expect(try await other.broken() == .replaced(position: 10))
  }

  @Test("a head reads back what it wrote, and nothing else")
  func texts() async throws {
    let scene = try await scene()
    for head in try await scene.heads() { #expect(AuditHead(json: head.json) == head) }
    let hash = String(repeating: "0", count: 64)
    for text in [
      "", "{}", #"{"hash":"\#(hash)","position":1}"#, #"{"hash":"00","position":1,"tenant":null}"#,
      #"{"hash":"\#(hash)","position":-1,"tenant":null}"#,
      #"{"hash":"\#(hash)","position":1,"tenant":""}"#,
      #"{"hash":"\#(hash)","position":1,"position":2,"tenant":null}"#,
    ] {
      #expect(AuditHead(json: text) == nil, "\(text)")
    }
  }
}
