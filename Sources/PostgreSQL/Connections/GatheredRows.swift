internal import Database
internal import Glibc

/// Rows that wait to be written together, in the order in which their statements first came.
struct GatheredRows {
  /// Rows of one statement, written on behalf of the same tenant.
  struct Batch {
    let statement: RowStatement
    let tenant: String?
    /// Whose rows they are; `several` where they are more than one member's.
    fileprivate(set) var member: Int
    fileprivate(set) var columns: [ColumnArray]
    fileprivate(set) var count: Int
  }

  /// Stands for more than one member of a group.
  static let several = -2
  /// The most rows in one statement, so that the server begins while others gather.
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
    try Self.check(row, of: statement)
    let known = batches.firstIndex {
      $0.tenant == tenant && $0.statement.single == statement.single
    }
    let place: Int
    if let known {
      place = known
      if batches[place].member != member { batches[place].member = Self.several }
    } else {
      place = batches.count
      batches.append(
        Batch(
          statement: statement, tenant: tenant, member: member,
          columns: statement.kinds.map { ColumnArray($0) }, count: 0))
    }
    for (column, value) in row.enumerated() {
      bytes += batches[place].columns[column].append(value)
    }
    batches[place].count += 1
  }

  /// Tells now, while it is known whose it is, what is wrong with a row.
  private static func check(_ row: [SQLValue], of statement: RowStatement) throws(DatabaseError) {
    guard row.count == statement.columnCount else {
      throw .statement(
        "\(row.count) arguments for \(statement.columnCount) parameters", sql: statement.single)
    }
    for (index, (value, kind)) in zip(row, statement.kinds).enumerated() {
      guard kind.takes(value) else {
        throw .statement(
          "argument \(index + 1) is \(value.kind) for \(kind.rawValue)", sql: statement.single)
      }
      guard case .text(var text) = value else { continue }
      let hasZero = text.withUTF8 { utf8 in
        utf8.baseAddress.map { memchr($0, 0, utf8.count) != nil } ?? false
      }
      if hasZero { throw .invalidText(parameter: index + 1) }
    }
  }

  mutating func removeAll() {
    batches.removeAll(keepingCapacity: true)
    bytes = 0
  }
}
