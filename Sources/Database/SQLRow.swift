/// One row of a query's answer, copied out of the engine. The rows of an answer share their
/// column names.
package struct SQLRow: Sendable, Equatable {
  package let columns: [String]
  package let values: [SQLValue]

  /// `columns` and `values` belong together, one name for each value.
  package init(columns: [String], values: [SQLValue]) {
    precondition(columns.count == values.count, "one name for each value")
    self.columns = columns
    self.values = values
  }

  /// The value of the first column of that name; nil where the answer has no such column.
  package subscript(column: String) -> SQLValue? {
    columns.firstIndex(of: column).map { values[$0] }
  }

  /// The value at `index`; nil where the answer has fewer columns.
  package subscript(index: Int) -> SQLValue? {
    values.indices.contains(index) ? values[index] : nil
  }

  package func integer(_ column: String) throws(DatabaseError) -> Int64 {
    guard let value = try optionalInteger(column) else {
      throw .unexpectedValue(column: column, expected: "integer", found: "null")
    }
    return value
  }

  package func text(_ column: String) throws(DatabaseError) -> String {
    guard let value = try optionalText(column) else {
      throw .unexpectedValue(column: column, expected: "text", found: "null")
    }
    return value
  }

  package func blob(_ column: String) throws(DatabaseError) -> [UInt8] {
    guard let value = try optionalBlob(column) else {
      throw .unexpectedValue(column: column, expected: "blob", found: "null")
    }
    return value
  }

  /// A truth value kept as 0 or 1.
  package func flag(_ column: String) throws(DatabaseError) -> Bool {
    let value = try integer(column)
    guard value == 0 || value == 1 else {
      throw .unexpectedValue(column: column, expected: "0 or 1", found: String(value))
    }
    return value == 1
  }

  package func optionalInteger(_ column: String) throws(DatabaseError) -> Int64? {
    switch try value(column) {
    case .null: return nil
    case .integer(let value): return value
    case let other:
      throw .unexpectedValue(column: column, expected: "integer", found: other.kind)
    }
  }

  package func optionalText(_ column: String) throws(DatabaseError) -> String? {
    switch try value(column) {
    case .null: return nil
    case .text(let value): return value
    case let other: throw .unexpectedValue(column: column, expected: "text", found: other.kind)
    }
  }

  package func optionalBlob(_ column: String) throws(DatabaseError) -> [UInt8]? {
    switch try value(column) {
    case .null: return nil
    case .blob(let value): return value
    case let other: throw .unexpectedValue(column: column, expected: "blob", found: other.kind)
    }
  }

  /// The value of `column`, which the answer must have.
  package func value(_ column: String) throws(DatabaseError) -> SQLValue {
    guard let value = self[column] else {
      throw .unexpectedValue(column: column, expected: "a column", found: "none of that name")
    }
    return value
  }
}
