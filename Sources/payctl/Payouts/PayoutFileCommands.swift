internal import ArgumentParser
internal import Audit
internal import ChainTypes
internal import Database
internal import Foundation
internal import JSON
internal import NodeRPC
internal import Payments
internal import Payouts
internal import Settlement

struct PayoutExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes the file for the signer again, of all that waits for a signature.")

  @OptionGroup var options: PayoutOptions

  @Option(help: "Where the file goes.", completion: .file())
  var out: String

  func run() async throws {
    try await options.run(nil) { desk in
      let (chain, tenant) = (desk.spec.name, desk.tenant)
      let waiting = try await desk.database.read {
        try OutgoingRecords.list(on: chain, tenant: tenant, in: [.built], limit: 1_000, in: $0)
      }
      try await PayoutLines.finish(waiting, out, desk)
    }
  }
}

struct PayoutBroadcastCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "broadcast",
    abstract: "Takes in what was signed, and gives it to the nodes.",
    discussion: """
      Each transaction is held against what was made: one that does something else, or isn't \
      signed, is refused. What is taken in is stored before it is sent, and paywatch sends it \
      again until a block holds it. The exit code is 1 where one was refused or no node took it.
      """)

  @OptionGroup var options: PayoutOptions

  @Argument(help: "The signed file, as payctl sign wrote it.", completion: .file())
  var file: String

  func run() async throws {
    let isDone = try await options.run(nil) { desk in
      let batch = try read()
      guard batch.heading.chain == desk.spec.name, batch.heading.tenant == desk.tenant else {
        throw CommandFailure(
          "\(file) is for \(batch.heading.chain) and tenant \(batch.heading.tenant)")
      }
      var isDone = true
      for signed in batch.transactions {
        let (id, raw, spec, now) = (
          signed.transaction.id.description, signed.raw, desk.spec, desk.now
        )
        do {
          let author = Operator.author(for: desk.tenant)
          try await desk.database.write { connection in
            try OutgoingService.takeIn(raw, for: id, spec: spec, now: now, in: connection)
            try author.note(
              "payout.broadcast", of: id, ["chain": .string(spec.name.text)], now: now,
              in: connection)
          }
        } catch let refusal as OutgoingService.Refusal {
          StandardError.writeLine("payctl: \(id) is refused: \(refusal)")
          isDone = false
        }
      }
      let broadcaster =
        switch desk.spec.family {
        case .bitcoin:
          OutgoingBroadcaster(
            chain: desk.spec.name, database: desk.database, pool: try desk.bitcoinPool())
        case .ethereum:
          OutgoingBroadcaster(
            chain: desk.spec.name, database: desk.database, pool: try desk.ethereumPool())
        }
      let report = try await broadcaster.step(now: desk.now, limit: 1_000)
      for (id, note) in report.notes.sorted(by: { $0.key < $1.key }) {
        StandardError.writeLine("payctl: \(id) isn't taken: \(note)")
      }
      StandardError.writeLine("payctl: \(report.sent) sent, \(report.refused) refused by nodes")
      let waiting = try await Self.waiting(batch, in: desk.database)
      for id in waiting where report.notes[id] == nil {
        StandardError.writeLine("payctl: \(id) is stored, and no node has it yet")
      }
      return isDone && report.refused == 0 && waiting.isEmpty
    }
    if !isDone { throw ExitCode.failure }
  }

  /// The file's transactions that no node has ever taken: a round leaves out what was refused
  /// within the last minute, and everything while the chain is halted.
  private static func waiting(
    _ batch: SignedBatch, in database: any Database
  ) async throws -> [String] {
    let ids = batch.transactions.map { $0.transaction.id.description }
    return try await database.read { connection in
      try ids.filter {
        try OutgoingRecords.load($0, locking: false, in: connection)?.status == .signed
      }
    }
  }

  private func read() throws -> SignedBatch {
    let limit = UnsignedBatch.maximumFileBytes
    guard let handle = try? FileHandle(forReadingFrom: URL(filePath: file)),
      let data = try? handle.read(upToCount: limit + 1)
    else { throw CommandFailure("\(file) can't be read") }
    try? handle.close()
    guard data.count <= limit else { throw CommandFailure("\(file) is too large") }
    do throws(PayoutFileError) {
      return try SignedBatch(parsing: Array(data))
    } catch {
      throw CommandFailure("\(file): \(error)")
    }
  }
}

struct PayoutListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists outgoing transactions, the oldest first.")

  @OptionGroup var options: DatabaseOptions

  @Option(help: "Of this tenant only.")
  var tenant: String?

  @Option(help: "Only with this status: built, signed, broadcast, confirmed, final, …")
  var status: String?

  @Option(help: "Those after this id.")
  var after: String?

  @Option(help: "How many at most.")
  var limit = 50

  func validate() throws {
    guard status.map({ OutgoingStatus(rawValue: $0) != nil }) ?? true else {
      let known = OutgoingStatus.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--status is one of \(known)")
    }
    guard (1...1_000).contains(limit) else { throw ValidationError("--limit is 1 to 1000") }
  }

  func run() async throws {
    let statuses = status.flatMap(OutgoingStatus.init(rawValue:)).map { [$0] }
    let (tenant, after, limit) = (tenant, after, limit)
    let (transactions, remarks) = try await options.run { database in
      try await database.read { connection in
        let transactions = try OutgoingRecords.list(
          tenant: tenant, in: statuses ?? OutgoingStatus.allCases, after: after, limit: limit,
          in: connection)
        return (
          transactions,
          try OutgoingWaits.remarks(on: transactions.map(\.id), in: connection)
        )
      }
    }
    try PayoutLines.write(transactions, remarks, options.format)
  }
}

struct PayoutCancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel",
    abstract: "Gives up a transaction that nobody has signed; its refunds wait for another.",
    discussion: """
      Only where it is certain that no signed copy exists: what was signed may still be mined, and \
      then pays what another may pay again.
      """)

  @OptionGroup var options: DatabaseOptions

  @Argument(help: "The transaction's id, out_….")
  var id: String

  func run() async throws {
    let (id, now) = (id, Timestamp(seconds: Int64(Date().timeIntervalSince1970)))
    try await options.run { database in
      do {
        try await database.write { connection in
          let tenant = try OutgoingRecords.load(id, in: connection)?.tenant
          try OutgoingService.cancel(id, now: now, in: connection)
          try Operator.author(for: tenant).note(
            "payout.cancel", of: id, now: now, in: connection)
        }
      } catch let refusal as OutgoingService.Refusal {
        throw CommandFailure("\(id) stays: \(refusal)")
      }
    }
  }
}

/// Outgoing transactions as lines.
enum PayoutLines {
  /// Writes the file, where there is anything to sign, and says what is in it.
  static func finish(
    _ made: [OutgoingTransaction], _ path: String, _ desk: PayoutDesk
  ) async throws {
    guard !made.isEmpty else {
      StandardError.writeLine("payctl: there is nothing to sign")
      return
    }
    try await desk.write(made, to: path)
    try write(made, [:], .table)
  }

  static func write(
    _ transactions: [OutgoingTransaction], _ remarks: [String: OutgoingRemarks],
    _ format: OutputFormat
  ) throws {
    switch format {
    case .json:
      var output = StandardOutput()
      for transaction in transactions {
        try output.writeLine(OutgoingDocument.json(of: transaction, remarks[transaction.id]))
      }
      try output.flush()
    case .table:
      var table = Table("id", "chain", "purpose", "status", "pays", "refunds", "txid", "remarks")
      for transaction in transactions {
        table.append(
          transaction.id, transaction.chain.text, transaction.purpose.rawValue,
          transaction.status.rawValue, "\(transaction.payouts.count)",
          "\(transaction.refunds.count)", transaction.txidText ?? "",
          remarks[transaction.id]?.words ?? "")
      }
      try table.write()
    }
  }
}

extension OutgoingRemarks {
  fileprivate var words: String {
    let stuck = wait.flatMap { wait in
      wait.stuck.map { "stuck since height \(wait.since) (\($0.rawValue))" }
    }
    return [stuck, note].compactMap { $0 }.joined(separator: ": ")
  }
}
