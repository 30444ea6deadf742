package import Database

/// Makes every payment and refund again from its recorded facts, holds outgoing transactions
/// against their own bytes and the refunds that they pay, makes every entry of the ledger again
/// from what it is of, and compares what that gives with what stands in the database: columns,
/// addresses, transfers, caps and, one by one, the events and postings.
package enum ReplayCheck {
  /// How many rows, or events of one subject, are in memory at a time.
  static let pageSize = 200

  /// What was made again, and what is otherwise than that gives.
  package struct Report: Sendable, Equatable {
    package var payments = 0
    package var refunds = 0
    package var transactions = 0
    package var entries = 0
    package var found: [Difference] = []

    package var differences: [String] { found.map(\.text) }

    mutating func add(_ lines: [String], to kind: Difference.Kind) {
      found += lines.map { Difference(kind: kind, text: $0) }
    }
  }

  /// Something that isn't what the facts say, in a line.
  package struct Difference: Sendable, Equatable {
    package let kind: Kind
    package let text: String

    package enum Kind: Sendable {
      /// A payment's or a refund's rows.
      case payment
      case event, ledger
    }
  }

  /// One line for each thing that isn't what the facts say; empty where all is.
  package static func differences(in connection: any SQLConnection) throws -> [String] {
    try report(in: connection).differences
  }

  /// The same with how much was looked at; of one moment, the reading transaction's.
  package static func report(in connection: any SQLConnection) throws -> Report {
    var report = Report()
    try eachRow(of: "payments", by: "payment_id", in: connection) { row in
      var replay = try PaymentReplay(row: row, connection: connection)
      report.add(try replay.run(), to: .payment)
      report.add(replay.eventDifferences, to: .event)
      report.payments += 1
    }
    try eachRow(of: "refunds", by: "refund_id", in: connection) { row in
      var replay = try RefundReplay(row: row, connection: connection)
      report.add(try replay.run(), to: .payment)
      report.add(replay.eventDifferences, to: .event)
      report.refunds += 1
    }
    var outgoing = OutgoingReplay(connection: connection)
    try eachRow(of: "outgoing", by: "outgoing_id", in: connection) { row in
      report.add(try outgoing.run(row), to: .payment)
      report.transactions += 1
    }
    var ledger = LedgerReplay(connection: connection)
    report.add(try ledger.run(), to: .ledger)
    report.entries = ledger.entryCount
    return report
  }

  /// Every row of a table in the order of its text key, a page at a time.
  static func eachRow(
    of table: String, by key: String, where condition: String = "1 = 1",
    in connection: any SQLConnection, _ body: (SQLRow) throws -> Void
  ) throws {
    var last = ""
    while true {
      let rows = try connection.query(
        """
        SELECT * FROM \(table) WHERE \(key) > $1 AND \(condition)
        ORDER BY \(key) LIMIT \(pageSize)
        """, [.text(last)])
      for row in rows { try body(row) }
      guard rows.count == pageSize, let row = rows.last else { return }
      last = try row.text(key)
    }
  }
}
