import Database
import TestDatabases

/// Notes how the engine goes about what it is asked, whatever the values are.
final class Explaining: SQLConnection {
  private let connection: any SQLConnection
  private(set) var plan: [String] = []

  init(_ connection: any SQLConnection) { self.connection = connection }

  var dialect: SQLDialect { connection.dialect }

  func query(_ sql: String, _ arguments: [SQLValue]) throws -> [SQLRow] {
    try explain(sql, arguments)
    return try connection.query(sql, arguments)
  }

  func forEachRow(
    of sql: String, _ arguments: [SQLValue], _ body: (any SQLRowView) throws -> Void
  ) throws {
    try explain(sql, arguments)
    try connection.forEachRow(of: sql, arguments, body)
  }

  private func explain(_ sql: String, _ arguments: [SQLValue]) throws {
    plan +=
      dialect == .sqlite
      ? try connection.query("EXPLAIN QUERY PLAN " + sql, arguments).map {
        try $0.text("detail")
      } : try explained(sql, arguments)
  }

  /// As sessions plan it once they have met a statement often enough.
  private func explained(_ sql: String, _ arguments: [SQLValue]) throws -> [String] {
    _ = try execute("SET LOCAL plan_cache_mode = force_generic_plan", [])
    // Connections leave preparing to the adapter, which counts parameters.
    func prepare(_ text: String) throws {
      let hidden = text.replacing("$", with: "§")
      _ = try execute(
        "DO $do$ BEGIN EXECUTE replace($text$\(hidden)$text$, '§', '$'); END $do$", [])
    }
    try prepare("PREPARE explained AS \(sql)")
    defer { try? prepare("DEALLOCATE explained") }
    let values = arguments.map { value in
      switch value {
      case .integer(let number): "\(number)"
      case .text(let text): "'\(text)'"
      default: "NULL"
      }
    }
    let execution =
      values.isEmpty ? "explained" : "explained(\(values.joined(separator: ", ")))"
    return try connection.query("EXPLAIN EXECUTE \(execution)", []).map {
      try $0.text("QUERY PLAN")
    }
  }

  func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
    try connection.execute(sql, arguments)
  }

  func submit(_ sql: String, _ arguments: [SQLValue], changing count: Int?) throws {
    try connection.submit(sql, arguments, changing: count)
  }

  func submit(_ row: [SQLValue], of statement: RowStatement) throws {
    try connection.submit(row, of: statement)
  }

  func actAs(tenant: String) throws { try connection.actAs(tenant: tenant) }
}
