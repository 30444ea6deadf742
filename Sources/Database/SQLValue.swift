/// A value as it goes into a statement or comes out of a row. There is no floating-point case:
/// nothing that Paywatch stores is one.
package enum SQLValue: Sendable, Hashable {
  case null
  case integer(Int64)
  /// Without U+0000, which PostgreSQL can't keep and SQLite reads as the text's end.
  case text(String)
  case blob([UInt8])

  /// What the value is, for messages that must not show the value itself.
  package var kind: String {
    switch self {
    case .null: "null"
    case .integer: "integer"
    case .text: "text"
    case .blob: "blob"
    }
  }

  /// The integer, or null where there is none.
  package static func optional(_ value: Int64?) -> SQLValue { value.map { .integer($0) } ?? .null }

  /// The text, or null where there is none.
  package static func optional(_ value: String?) -> SQLValue { value.map { .text($0) } ?? .null }

  /// The bytes, or null where there are none.
  package static func optional(_ value: [UInt8]?) -> SQLValue { value.map { .blob($0) } ?? .null }

  /// 0 or 1, as both engines keep a truth value in an integer column.
  package static func flag(_ value: Bool) -> SQLValue { .integer(value ? 1 : 0) }
}

extension SQLValue: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int64) { self = .integer(value) }
}

extension SQLValue: ExpressibleByStringLiteral {
  package init(stringLiteral value: String) { self = .text(value) }
}
