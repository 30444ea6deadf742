import Database
import SQLite
import Testing

@Suite("Parameters")
struct ParameterTests {
  @Test("a number means the same argument wherever and however often it stands")
  func order() async throws {
    let database = try SQLiteDatabase.inMemory()
    let row = try await database.read { connection in
      try connection.queryFirst(
        "SELECT $2 AS b, $1 AS a, $2 AS c, $10 AS j, '$1' AS quoted -- $1\n",
        [1, "two", 3, 4, 5, 6, 7, 8, 9, 10])
    }
    #expect(try row?.text("b") == "two")
    #expect(try row?.integer("a") == 1)
    #expect(try row?.text("c") == "two")
    #expect(try row?.integer("j") == 10)
    #expect(try row?.text("quoted") == "$1")
  }
}
