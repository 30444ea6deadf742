internal import CPostgres
internal import Database

/// One of libpq's results, whose values come as text, read into the seam's by their columns' types.
final class ResultRows {
  let result: OpaquePointer

  /// Takes the result over.
  init(_ result: OpaquePointer) { self.result = result }

  deinit { PQclear(result) }

  /// The command tag: "INSERT 0 3", "UPDATE 2", "SELECT 4", "CREATE TABLE".
  var tag: String? { PQcmdStatus(result).map { String(cString: $0) } }

  /// How many rows the statement changed; 0 for one that only reads.
  var changed: Int {
    guard let tag = PQcmdStatus(result), tag[0] != CChar(bitPattern: UInt8(ascii: "S")),
      let count = PQcmdTuples(result)
    else { return 0 }
    return Int(String(cString: count)) ?? 0
  }

  /// All rows' values.
  func values() throws(DatabaseError) -> [SQLRow] {
    let columns = try columns()
    let names = columns.map(\.name)
    var rows: [SQLRow] = []
    let height = PQntuples(result)
    rows.reserveCapacity(Int(max(0, height)))
    for number in 0..<max(0, height) {
      let row = ResultRow(result, number, columns)
      var values: [SQLValue] = []
      values.reserveCapacity(columns.count)
      for column in columns.indices { values.append(try row.value(column)) }
      rows.append(SQLRow(columns: names, values: values))
    }
    return rows
  }

  func forEach(_ body: (any SQLRowView) throws -> Void) throws {
    let columns = try columns()
    for number in 0..<max(0, PQntuples(result)) { try body(ResultRow(result, number, columns)) }
  }

  private func columns() throws(DatabaseError) -> [ResultRow.Column] {
    var columns: [ResultRow.Column] = []
    for column in 0..<max(0, PQnfields(result)) {
      let name = PQfname(result, column).map { String(cString: $0) } ?? ""
      guard let reading = ResultRow.Reading(PQftype(result, column)) else {
        throw .unexpectedValue(
          column: name, expected: "integer, text or blob",
          found: "type \(PQftype(result, column))")
      }
      columns.append(ResultRow.Column(name: name, reading: reading))
    }
    return columns
  }
}
