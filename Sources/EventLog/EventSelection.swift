internal import Database

/// Rows of the log in the order of positions: so many at most, and no more bytes of them than a
/// page may have.
struct EventSelection {
  /// $1, $2 and $3 are the position behind which it begins, the last one, and how many at most.
  private var arguments: [SQLValue]
  private var conditions = ""
  private let limit: Int
  /// How many rows there may be at most, whatever is wanted.
  private let span: Int64
  /// As conditions name it, where an engine is to be kept from its index.
  var positionColumn = "position"
  /// What is read of the data.
  var data = "data"

  init(after position: Int64, through end: Int64, limit: Int) {
    arguments = [.integer(position), .integer(end), .integer(Int64(limit))]
    self.limit = limit
    span = max(0, end - position)
  }

  mutating func require(_ column: String, is value: String) {
    conditions += " AND \(column) = \(parameter(value))"
  }

  mutating func require(_ column: String, isOneOf values: [String]) {
    let parameters = values.map { parameter($0) }
    conditions += " AND \(column) IN (\(parameters.joined(separator: ", ")))"
  }

  private mutating func parameter(_ value: String) -> String {
    arguments.append(.text(value))
    return "$\(arguments.count)"
  }

  private var wanted: String {
    "\(positionColumn) > $1 AND \(positionColumn) <= $2\(conditions)"
  }

  /// The rows, with their `position`, and whether there may be more of them behind the last. There
  /// is at least one, where any is wanted.
  func rows(
    _ columns: String, in connection: any SQLConnection
  ) throws -> (rows: [SQLRow], isCut: Bool) {
    guard span > 0 else { return ([], false) }
    var (arguments, end) = (arguments, Int64?.none)
    switch try fitting(in: connection) {
    case .nothing: return ([], false)
    case .everything: break
    case .through(let last):
      arguments[1] = .integer(last)
      end = last
    }
    let rows = try connection.query(
      """
      SELECT position, \(columns) FROM events WHERE \(wanted) ORDER BY \(positionColumn) LIMIT $3
      """, arguments)
    return (rows, end != nil || rows.count == limit)
  }

  private enum Fitting {
    /// There are no rows.
    case nothing
    case everything
    /// The position of the last row whose bytes fit beside those before.
    case through(Int64)
  }

  /// Which of the rows a page's bytes have room for.
  private func fitting(in connection: any SQLConnection) throws -> Fitting {
    // As many as fit in any case.
    let most = Int(min(Int64(limit), span))
    guard most * EventDraft.maximumDataBytes > EventLog.maximumPageBytes else { return .everything }
    let dialect = connection.dialect
    let page = """
      SELECT position, COALESCE(\(dialect.byteCount(data)), 0) AS bytes FROM events
      WHERE \(wanted) ORDER BY \(positionColumn) LIMIT $3
      """
    // Nearly always all of them do, which a sum tells far sooner than one behind each.
    let sum = try connection.queryFirst(
      """
      SELECT COUNT(*) AS count, CAST(COALESCE(SUM(bytes), 0) AS \(dialect.integer)) AS total
      FROM (\(page)) AS page
      """, arguments)
    // By their number: rows whose data isn't read have no bytes.
    if try sum?.integer("count") == 0 { return .nothing }
    let total = try sum?.integer("total") ?? .max
    guard total > EventLog.maximumPageBytes else { return .everything }
    let last = try connection.queryFirst(
      """
      SELECT MAX(position) AS last_position FROM (
        SELECT position, SUM(bytes) OVER (ORDER BY position) AS total FROM (\(page)) AS page
      ) AS sizes WHERE total <= \(EventLog.maximumPageBytes)
      """, arguments)
    return try last?.optionalInteger("last_position").map(Fitting.through) ?? .everything
  }
}
