internal import Addresses
internal import Bytes
package import ChainTypes
package import Database

/// Closed days in their table, which is only ever added to.
package enum LedgerCloses {
  /// By the database's clock: a day closed by a machine's that runs ahead would date all entries
  /// behind it for good.
  package static func now(in connection: any SQLConnection) throws -> Timestamp {
    let row = try connection.queryFirst("SELECT \(connection.dialect.nowMicroseconds) AS now")
    return Timestamp(microseconds: try row?.integer("now") ?? 0)
  }

  /// An entry may be recorded with a time a little before its transaction ends.
  package static let settlingSeconds: Int64 = 600

  static func statements(_ dialect: SQLDialect) -> [String] {
    [
      dialect.createTable(
        "ledger_closes",
        """
          date TEXT PRIMARY KEY,
          document TEXT NOT NULL,
          digest \(dialect.blob) NOT NULL CHECK (length(digest) = 32),
          signer TEXT NOT NULL,
          signature TEXT NOT NULL,
          closed_at \(dialect.integer) NOT NULL
        """)
    ] + appendOnly(dialect)
  }

  private static func appendOnly(_ dialect: SQLDialect) -> [String] {
    switch dialect {
    case .sqlite:
      ["UPDATE", "DELETE"].map { act in
        """
        CREATE TRIGGER ledger_closes_no_\(act.lowercased()) BEFORE \(act) ON ledger_closes
        BEGIN SELECT RAISE(ABORT, 'closed days are only ever added'); END
        """
      }
    case .postgreSQL:
      [
        """
        CREATE TRIGGER ledger_closes_append_only
          BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_closes
          FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change()
        """
      ]
    }
  }

  /// Why a day can't be closed.
  package enum Refusal: Error, Sendable, Equatable {
    /// The day isn't over, or so shortly that entries may still come.
    case tooEarly(until: Timestamp)
    /// It, or a later one, is closed.
    case closed(last: String)
    /// The signature isn't the signer's over what the entries make now.
    case notSigned
    /// Money is paid to the signer's address: its key isn't an operator's alone.
    case ownAddress(String)
  }

  /// A closed day as it is stored.
  package struct Stored: Sendable, Hashable {
    package let close: LedgerClose
    package let signature: LedgerClose.Signature
    package let closedAt: Timestamp
  }

  /// What is to be signed for the day.
  package static func draft(
    _ date: CloseDate, now: Timestamp, in connection: any SQLConnection
  ) throws -> LedgerClose {
    let earliest = date.end.adding(seconds: settlingSeconds)
    guard now >= earliest else { throw Refusal.tooEarly(until: earliest) }
    let last = try last(in: connection)
    if let last, last.close.date >= date.text { throw Refusal.closed(last: last.close.date) }
    return try LedgerClose.make(
      date: date.text, end: date.end, previous: last?.close, in: connection)
  }

  /// Stores a signed day. What was signed must be what the entries make in this transaction.
  package static func store(
    _ close: LedgerClose, _ signature: LedgerClose.Signature, of date: CloseDate, now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    guard try draft(date, now: now, in: connection) == close, close.isSigned(signature) else {
      throw Refusal.notSigned
    }
    if let signer = try? EthereumAddress(signature.signer),
      try connection.queryFirst(
        "SELECT 1 AS one FROM addresses WHERE script = $1", [.blob(signer.hash.bytes)]) != nil
    {
      throw Refusal.ownAddress(signature.signer)
    }
    try connection.execute(
      """
      INSERT INTO ledger_closes (date, document, digest, signer, signature, closed_at)
      VALUES ($1, $2, $3, $4, $5, $6)
      """,
      [
        .text(close.date), .text(close.document), .hash(close.digest), .text(signature.signer),
        .text(signature.text), .time(now),
      ])
  }

  /// The latest; nil where no day was ever closed.
  package static func last(in connection: any SQLConnection) throws -> Stored? {
    try connection.queryFirst("SELECT * FROM ledger_closes ORDER BY date DESC LIMIT 1").map(stored)
  }

  /// All, the first one first. A year has 366.
  package static func all(in connection: any SQLConnection) throws -> [Stored] {
    try connection.query("SELECT * FROM ledger_closes ORDER BY date").map(stored)
  }

  private static func stored(_ row: SQLRow) throws -> Stored {
    try Stored(
      close: LedgerClose(date: row.text("date"), document: row.text("document")),
      signature: .init(signer: row.text("signer"), text: row.text("signature")),
      closedAt: row.time("closed_at"))
  }

  /// One line for each thing that is wrong with a closed day: its signature, its link to the one
  /// before, or that the entries make another text of it.
  ///
  /// - Parameter signers: whose signatures count
  package static func differences(
    signers: Set<String>, in connection: any SQLConnection
  ) throws -> [String] {
    var differences: [String] = []
    var previous: LedgerClose?
    for stored in try all(in: connection) {
      let close = stored.close
      if !close.isSigned(stored.signature) {
        differences.append("\(close.date): the signature isn't \(stored.signature.signer)'s")
      }
      if !signers.contains(stored.signature.signer) {
        differences.append("\(close.date): \(stored.signature.signer) isn't who should sign")
      }
      if let date = CloseDate(close.date) {
        let expected = try LedgerClose.make(
          date: date.text, end: date.end, previous: previous, in: connection)
        if expected != close {
          differences.append("\(close.date): the entries make another close of that day")
        }
      } else {
        differences.append("\(close.date): is no day")
      }
      previous = close
    }
    return differences
  }
}
