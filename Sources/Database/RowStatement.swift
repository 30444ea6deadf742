/// A statement that writes a row for each list of values it is given, so that an adapter may write
/// the rows of several callers at once.
package struct RowStatement: Sendable, Equatable {
  /// What a column holds.
  package enum Kind: String, Sendable {
    case text = "TEXT"
    case integer = "BIGINT"
    case blob = "BYTEA"
    /// A decimal number, given as text.
    case amount = "NUMERIC"

    /// PostgreSQL's type of an array of such values as they are given.
    fileprivate var array: String { self == .amount ? "TEXT[]" : rawValue + "[]" }

    package func takes(_ value: SQLValue) -> Bool {
      switch (self, value) {
      case (_, .null), (.text, .text), (.amount, .text), (.integer, .integer), (.blob, .blob): true
      default: false
      }
    }
  }

  /// For one row, with the parameters `$1` to `$columnCount`.
  package let single: String
  /// PostgreSQL's for any number of rows: each parameter is an array with one column's values.
  package let arrays: String
  package let kinds: [Kind]
  /// Whether each list of values must change one row.
  package let isCounted: Bool

  package var columnCount: Int { kinds.count }

  /// - Parameter columns: their names, separated by commas, each followed by its type as in
  ///   PostgreSQL (`ordinal BIGINT`) where that isn't TEXT
  package static func insert(into table: String, _ columns: String) -> RowStatement {
    let (names, kinds) = parse(columns)
    let head = "INSERT INTO \(table) (\(names.joined(separator: ", "))) "
    let parameters = (1...kinds.count).map { "$\($0)" }.joined(separator: ", ")
    let selected = kinds.enumerated().map { place, kind in
      kind == .amount ? "CAST(column\(place + 1) AS NUMERIC)" : "column\(place + 1)"
    }
    return RowStatement(
      single: head + "VALUES (\(parameters))",
      arrays: head + "SELECT \(selected.joined(separator: ", ")) FROM " + given(kinds),
      kinds: kinds, isCounted: false)
  }

  /// Changes one row for each list of values, or it is `DatabaseError.unexpectedRowCount`.
  ///
  /// - Parameters:
  ///   - columns: as for `insert`
  ///   - single: the statement for one list
  ///   - several: its beginning and its end around the lists, whose values are `given.column1`, …
  package static func update(
    _ columns: String, single: String, several: (head: String, tail: String)
  ) -> RowStatement {
    let kinds = parse(columns).kinds
    return RowStatement(
      single: single, arrays: several.head + given(kinds) + several.tail, kinds: kinds,
      isCounted: true)
  }

  private static func given(_ kinds: [Kind]) -> String {
    let arrays = kinds.enumerated().map { "CAST($\($0 + 1) AS \($1.array))" }
    let names = (1...kinds.count).map { "column\($0)" }
    return "unnest(\(arrays.joined(separator: ", "))) AS given "
      + "(\(names.joined(separator: ", ")))"
  }

  private static func parse(_ columns: String) -> (names: [String], kinds: [Kind]) {
    let columns = columns.split(separator: ",").map { $0.split(whereSeparator: \.isWhitespace) }
    let kinds = columns.map { words in
      guard words.count == 2 else { return Kind.text }
      guard let kind = Kind(rawValue: String(words[1])) else {
        preconditionFailure("no column of a row is \(words[1])")
      }
      return kind
    }
    return (columns.map { String($0[0]) }, kinds)
  }
}
