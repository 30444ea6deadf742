internal import Database

/// Rows that wait to be written together, in the order in which their statements first came.
struct GatheredRows {
  /// Rows of one statement, written on behalf of the same tenant.
  struct Batch {
    let statement: RowStatement
    let tenant: String?
    /// Whose rows they are; `several` where they are more than one member's.
    fileprivate(set) var member: Int
    fileprivate(set) var values: [SQLValue]
    fileprivate(set) var count: Int

    /// The statements that write them, few enough of each length to stay prepared: powers of two.
    func forEachStatement(_ body: (_ rows: Int, _ values: [SQLValue]) throws -> Void) rethrows {
      var first = 0
      while first < count {
        var rows = GatheredRows.limit
        while rows > count - first { rows /= 2 }
        let width = statement.columnCount
        try body(rows, Array(values[first * width..<(first + rows) * width]))
        first += rows
      }
    }
  }

  /// Stands for more than one member of a group.
  static let several = -2
  /// The most rows in one statement; a power of two.
  static let limit = 64

  private(set) var batches: [Batch] = []
  private var bytes = 0
  private static let bytesLimit = 1 << 20

  var isEmpty: Bool { batches.isEmpty }

  /// Whether what has gathered should be sent.
  var isFull: Bool { bytes >= Self.bytesLimit || batches.contains { $0.count >= Self.limit } }

  mutating func add(
    _ row: [SQLValue], of statement: RowStatement, tenant: String?, member: Int
  ) throws(DatabaseError) {
    guard row.count == statement.columnCount else {
      throw .statement(
        "\(row.count) arguments for \(statement.columnCount) parameters", sql: statement.single)
    }
    // Told now, while it is known whose it is.
    for (index, value) in row.enumerated() {
      switch value {
      case .text(let text):
        guard !text.utf8.contains(0) else { throw .invalidText(parameter: index + 1) }
        bytes += text.utf8.count
      case .blob(let blob): bytes += blob.count
      case .integer, .null: bytes += 8
      }
    }
    let known = batches.firstIndex { $0.tenant == tenant && $0.statement == statement }
    guard let known else {
      batches.append(
        Batch(statement: statement, tenant: tenant, member: member, values: row, count: 1))
      return
    }
    if batches[known].member != member { batches[known].member = Self.several }
    batches[known].values += row
    batches[known].count += 1
  }

  mutating func removeAll() {
    batches.removeAll(keepingCapacity: true)
    bytes = 0
  }
}
