internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Database
internal import Settlement
internal import Watching

/// What a rescan prints: a line for each difference, and the summary.
struct RescanLines: Sendable {
  /// Differences that stay as they are.
  let remaining: Int
  private let lines: [RescanLine]
  private let summary: Summary

  private struct Summary: Encodable, Sendable {
    let chain: String
    let fromHeight: UInt32
    let throughHeight: UInt32
    let throughHash: String
    let blocks: Int
    let transactions: Int
    let transfers: Int
    let missing: Int
    let surplus: Int
    let written: Int
  }

  private struct Last: Encodable { let summary: Summary }

  init(
    _ findings: RescanFindings, spec: ChainSpec, recorded changes: [TransferChange],
    in connection: any SQLConnection
  ) throws {
    // A transfer's last step is what it is now.
    let written = Dictionary(changes.map { ($0.after.id, $0.after.state.name) }) { $1 }
    let missing = try findings.missing.map { missing in
      try RescanLine(
        missing.isRecordable ? "missing" : "elsewhere", missing.transfer.id,
        missing.transfer.ordinal, missing.transfer.value, missing.transfer.contract,
        missing.block, recorded: missing.recorded?.state,
        written: written[missing.transfer.id], spec, connection)
    }
    let surplus = try findings.surplus.map { transfer in
      try RescanLine(
        "surplus", transfer.id, transfer.ordinal, transfer.value, transfer.contract,
        transfer.state.block ?? findings.through, recorded: transfer.state, written: nil, spec,
        connection)
    }
    lines = missing + surplus
    remaining = lines.count { $0.written == nil }
    summary = Summary(
      chain: findings.chain.text, fromHeight: findings.fromHeight,
      throughHeight: findings.through.height,
      throughHash: findings.through.hash.text(spec.family.hashForm),
      blocks: findings.blockCount, transactions: findings.transactionCount,
      transfers: findings.transferCount, missing: missing.count, surplus: surplus.count,
      written: lines.count - remaining)
  }

  func write(_ format: OutputFormat) throws {
    guard format == .table else {
      try Answers.writeLines(lines)
      return try Answers.writeLines([Last(summary: summary)])
    }
    if !lines.isEmpty {
      var table = Table(
        "difference", "block", "transfer", "amount", "address", "payment", "recorded")
      for line in lines {
        let state = [line.recorded ?? "no", line.written].compactMap(\.self)
        table.append(
          line.difference, "\(line.blockHeight)", "\(line.txid)/\(line.place)",
          line.amount, line.address ?? "-", line.paymentId ?? "-",
          state.joined(separator: " → "))
      }
      try table.write()
    }
    var output = StandardOutput()
    try output.writeLine(
      "\(summary.chain) \(summary.fromHeight) to \(summary.throughHeight): \(summary.blocks) "
        + "blocks, \(summary.transactions) transactions, \(summary.transfers) transfers; "
        + "\(summary.missing) missing, \(summary.surplus) surplus, \(summary.written) written")
    try output.flush()
  }
}
