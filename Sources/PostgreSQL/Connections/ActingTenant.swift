internal import Database

/// On whose behalf a session's statements run, and what the server was told of it.
///
/// The server is told before the next statement, and only what it doesn't know: a body that acts
/// as a tenant costs nothing of its own behind another of the same tenant, and one statement
/// without a wait behind others. What it was told ends with its transaction.
struct ActingTenant {
  private enum Told: Equatable {
    case nobody
    case tenant(String)
    /// Undone with a savepoint: either.
    case unknown
  }

  /// Nil is the login role itself.
  var wanted: String?
  private var told = Told.nobody

  /// Both for the rest of the transaction (`true`), as SET LOCAL. A role must be named at once with
  /// its tenant: never is one there without the other.
  static let statement = """
    SELECT set_config('role', $1, true), set_config('\(RowSecurity.tenantSetting)', $2, true)
    """

  /// A transaction begins.
  mutating func begin() {
    wanted = nil
    told = .nobody
  }

  /// The transaction went back to a savepoint.
  mutating func rollBack() { told = .unknown }

  /// The arguments of the `statement` that must run before the next one; nil where none must.
  mutating func change() -> [SQLValue]? {
    let next = wanted.map(Told.tenant) ?? .nobody
    guard next != told else { return nil }
    told = next
    guard let wanted else { return [.text("none"), .text("")] }
    return [.text(RowSecurity.tenantRole), .text(wanted)]
  }
}
