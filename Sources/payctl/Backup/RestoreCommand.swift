internal import ArgumentParser
internal import Backups
internal import Database
internal import Deployment
internal import SQLite
internal import Settlement
internal import Watching

struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Makes a database of a backup, in the next restore epoch.",
    discussion: """
      What happened after the backup is lost, and with it which addresses were handed out. So the \
      restored database hands out none of the former epochs any more: payments get addresses from \
      another branch of the account. It watches the former ones for ever, and as many behind them \
      as --look-ahead says, so that money on a lost payment's address is seen and told.

      The new epoch must be higher than any that this region has ever used, which a backup can't \
      know: one more than the configuration's restore_epoch. Afterwards that number must stand in \
      every process's configuration.

      --in-place does the same to a database that was put back by other means, such as a snapshot \
      of a disk or PostgreSQL's point-in-time recovery. No process may run on it.

      Example: payctl restore --from monday.backup --database data/paywatch.sqlite --epoch 1
      """)

  @Option(help: "The backup.", completion: .file())
  var from: String?

  @Flag(help: "Begin the next epoch in a database that was put back by other means.")
  var inPlace = false

  @Option(
    help: "A file to make, or the postgresql:// URL of an empty database.", completion: .file())
  var database: DatabasePlace

  @Option(help: "The restore epoch to begin: the configuration's restore_epoch and one.")
  var epoch: Int64

  @Option(
    help: """
      How many addresses behind each account's last are watched besides: as many as payments may \
      have been made from it since the backup.
      """)
  var lookAhead: Int64 = 1_000

  @Option(help: "The network, where the database has no address that tells it.")
  var network: NetworkName?

  @Option(help: "table or json.")
  var format: OutputFormat = .table

  func validate() throws {
    guard (from != nil) != inPlace else {
      throw ValidationError("Give either --from or --in-place.")
    }
  }

  private struct Restored: Encodable {
    let formerEpoch: Int64
    let restoreEpoch: Int64
    let retiredAddresses: Int
    let addressesWatchedAhead: Int
    /// When the backup was taken.
    let takenAt: String?
  }

  func run() async throws {
    var restoration = Restoration(epoch: epoch, lookAhead: lookAhead, network: network?.network)
    restoration.isInPlace = inPlace
    restoration.restorer = (Operator.author(for: nil), SystemTime().now)
    let backup = try await explainingBackups { try from.map { try BackupFile(path: $0) } }
    let outcome = try await explainingBackups { [restoration] in
      try await restore(backup, restoration)
    }
    if format == .json {
      try Answers.writeLines([
        Restored(
          formerEpoch: outcome.formerEpoch, restoreEpoch: outcome.epoch,
          retiredAddresses: outcome.retired, addressesWatchedAhead: outcome.watchedAhead,
          takenAt: backup?.manifest.takenAt)
      ])
    } else {
      try tell(outcome, backup?.manifest)
    }
  }

  private func restore(
    _ backup: BackupFile?, _ restoration: Restoration
  ) async throws -> Restoration.Outcome {
    switch (database, backup) {
    case (.file(let path), let backup?):
      try await SQLiteBackup.restore(
        backup, to: path, restoration, migrate: Schema.migrate)
    case (.server(let uri), let backup?):
      try await PostgresBackup.restore(
        backup, to: uri, restoration, migrate: Schema.migrate)
    case (.file(let path), nil):
      try await OpenDatabase.run(path) { database in
        try await Schema.migrate(database)
        return try await database.write { connection in
          let outcome = try restoration.apply(in: connection)
          // It may be the copy of a backup.
          try RestoreEpoch.markFinished(in: connection)
          return outcome
        }
      }
    case (.server(let uri), nil):
      try await PostgresBackup.begin(in: uri, restoration, migrate: Schema.migrate)
    }
  }

  private func tell(_ outcome: Restoration.Outcome, _ manifest: BackupManifest?) throws {
    let since = manifest.map { "since \($0.takenAt)" } ?? "since that copy was taken"
    var lines = [
      "The database is in restore epoch \(outcome.epoch) now; it was in \(outcome.formerEpoch).",
      "\(outcome.retired) free addresses will never be handed out, and \(outcome.watchedAhead) "
        + "more are watched.",
      "",
      "What you must do next:",
      "- Set restore_epoch: \(outcome.epoch) in the configuration of every process on it.",
      "- Start them. They read the chains again by themselves.",
    ]
    for chain in manifest?.contents.chains ?? [] {
      lines.append("  \(chain.chain) from block \(chain.tipHeight + 1) on")
    }
    lines += [
      "- Look for API keys that were made or revoked \(since): payctl tenant key list.",
      "- Payments made \(since) are unknown. Money for them is told as events of transfers "
        + "that have no payment_id.",
      "- Refunds that were requested, signed or paid \(since) are unknown, too, and may be requested "
        + "again. Keep the signer's record as it is. No payout is built before payctl reconcile "
        + "--record has compared its chain: look at each difference it tells.",
      "- Readers of events that have a cursor must read again from "
        + "\(manifest?.contents.lastPosition ?? 0).",
    ]
    var output = StandardOutput()
    for line in lines { try output.writeLine(line) }
    try output.flush()
  }
}
