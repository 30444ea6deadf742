/// One numbered step of a schema: statements that run in one transaction, once.
///
/// A step that has been released is never edited; what changes the schema next is a new step.
package struct Migration: Sendable {
  /// 1, 2, 3, … without gaps within its component.
  package let number: Int
  /// A few words for people, such as `payments and addresses`.
  package let name: String
  /// The statements in the engine's words, each one without a closing semicolon.
  package let statements: @Sendable (SQLDialect) -> [String]
  /// How PostgreSQL does it where it would hold up writers for as long as a table is large.
  package let online: OnlineChange?

  package init(
    number: Int, name: String, online: OnlineChange? = nil,
    statements: @escaping @Sendable (SQLDialect) -> [String]
  ) {
    self.number = number
    self.name = name
    self.online = online
    self.statements = statements
  }

  /// What the database keeps of an applied step, to notice that its text was changed later.
  func recordedText(_ dialect: SQLDialect) -> String {
    statements(dialect).joined(separator: ";\n")
  }
}
