internal import Settlement

/// Differences as people, spreadsheets and programs read them.
enum ReconciliationOutput {
  private static let names = [
    "kind", "chain", "tenant", "address", "asset", "contract", "expected", "found", "difference",
    "explanation", "block_height", "block_hash",
  ]

  static func write(_ rows: [ReconciliationRow], _ format: BooksFormat) throws {
    switch format {
    case .json: try Answers.writeLines(rows)
    case .csv:
      var output = StandardOutput()
      for line in csv(rows) { try output.writeLine(line + "\r") }
      try output.flush()
    case .table:
      guard !rows.isEmpty else { return }
      var table = Table(
        "kind", "chain", "tenant", "address", "asset", "expected", "found", "difference",
        "explanation")
      for row in rows {
        table.append(
          row.kind.rawValue, row.chain ?? "-", row.tenant ?? "-", row.address ?? "-",
          row.asset ?? row.contract ?? "-", row.expected ?? "-", row.found ?? "-",
          row.difference ?? "-", row.explanation ?? "")
      }
      try table.write()
    }
  }

  static func csv(_ rows: [ReconciliationRow]) -> [String] {
    [CSV.line(names)]
      + rows.map { row in
        CSV.line([
          row.kind.rawValue, row.chain ?? "", row.tenant ?? "", row.address ?? "",
          row.asset ?? "", row.contract ?? "", row.expected ?? "", row.found ?? "",
          row.difference ?? "", row.explanation ?? "", row.blockHeight.map { "\($0)" } ?? "",
          row.blockHash ?? "",
        ])
      }
  }
}
