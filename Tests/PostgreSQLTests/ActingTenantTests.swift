import Database
import Testing

@testable import PostgreSQL

@Suite("What a PostgreSQL session is told of the tenant it acts for")
struct ActingTenantTests {
  private static let nobody: [SQLValue] = ["none", ""]

  private static func role(_ tenant: String) -> [SQLValue] {
    [.text("paywatch_tenant"), .text(tenant)]
  }

  @Test("a session that acts for nobody is told nothing")
  func nobody() {
    var acting = ActingTenant()
    acting.begin()
    #expect(acting.change() == nil)
  }

  @Test("it is told once of a tenant, however many bodies act for that one")
  func once() {
    var acting = ActingTenant()
    acting.begin()
    acting.wanted = "a"
    #expect(acting.change() == Self.role("a"))
    #expect(acting.change() == nil)
    acting.wanted = nil
    acting.wanted = "a"
    #expect(acting.change() == nil)
  }

  @Test("the next body is told apart: another tenant's, and nobody's")
  func apart() {
    var acting = ActingTenant()
    acting.begin()
    acting.wanted = "a"
    #expect(acting.change() == Self.role("a"))
    acting.wanted = "b"
    #expect(acting.change() == Self.role("b"))
    acting.wanted = nil
    #expect(acting.change() == Self.nobody)
    #expect(acting.change() == nil)
  }

  @Test("what was undone with a savepoint is told again")
  func savepoint() {
    var acting = ActingTenant()
    acting.begin()
    acting.wanted = "a"
    #expect(acting.change() == Self.role("a"))
    acting.rollBack()
    #expect(acting.change() == Self.role("a"))
    acting.rollBack()
    acting.wanted = nil
    #expect(acting.change() == Self.nobody)
  }

  @Test("a new transaction begins with nobody")
  func transactions() {
    var acting = ActingTenant()
    acting.begin()
    acting.wanted = "a"
    #expect(acting.change() == Self.role("a"))
    acting.begin()
    #expect(acting.change() == nil)
    acting.wanted = "a"
    #expect(acting.change() == Self.role("a"))
  }
}
