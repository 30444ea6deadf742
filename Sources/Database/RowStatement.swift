/// A statement that writes a row for each list of values it is given, so that an adapter may write
/// the rows of several callers at once.
package struct RowStatement: Sendable, Equatable {
  /// For one row, with the parameters `$1` to `$columnCount`.
  package let single: String
  package let columnCount: Int
  /// Whether each list of values must change one row.
  package let isCounted: Bool
  /// What stands before and behind the rows where there may be several.
  private let head: String
  private let tail: String

  private init(
    single: String, columnCount: Int, isCounted: Bool, head: String, tail: String
  ) {
    self.single = single
    self.columnCount = columnCount
    self.isCounted = isCounted
    self.head = head
    self.tail = tail
  }

  /// - Parameter columns: their names, separated by commas
  package static func insert(into table: String, _ columns: String) -> RowStatement {
    let count = columns.utf8.count { $0 == UInt8(ascii: ",") } + 1
    let head = "INSERT INTO \(table) (\(columns)) VALUES "
    return RowStatement(
      single: head + row(count, from: 1), columnCount: count, isCounted: false, head: head, tail: ""
    )
  }

  /// Changes one row for each list of values, or it is `DatabaseError.unexpectedRowCount`.
  ///
  /// - Parameters:
  ///   - single: the statement for one list
  ///   - several: its beginning before the lists and its end behind them, each in parentheses
  package static func update(
    columnCount: Int, single: String, several: (head: String, tail: String)
  ) -> RowStatement {
    RowStatement(
      single: single, columnCount: columnCount, isCounted: true, head: several.head,
      tail: several.tail)
  }

  /// The statement for that many rows, 1 or more, whose parameters follow each other.
  package func text(rows: Int) -> String {
    guard rows > 1 else { return single }
    let lists = (0..<rows).map { Self.row(columnCount, from: $0 * columnCount + 1) }
    return head + lists.joined(separator: ", ") + tail
  }

  private static func row(_ count: Int, from first: Int) -> String {
    "(" + (first..<first + count).map { "$\($0)" }.joined(separator: ", ") + ")"
  }
}
