internal import ArgumentParser
internal import Audit
internal import Bytes
internal import ChainTypes
internal import Database
internal import Deployment
internal import HTTPClient
internal import JSON
internal import NodeRPC
internal import Settings
internal import Settlement
internal import Watching

struct ReconcileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconcile",
    abstract: "Compares payments, the ledger, the event log and the chains.",
    discussion: """
      What the books say of each address is held against what the configured quorum of the chain's \
      nodes tells, at one block that was scanned: on Bitcoin its unspent outputs (scantxoutset, \
      which takes minutes on the main network), on EVM chains its balances in the coin and in each \
      listed token (eth_getBalance and balanceOf at a block's hash). Where no quorum says the same, \
      nothing is compared; a single node that says otherwise is named. The ledger's treasury is held against what \
      is recorded of the chain, and payments, refunds, entries and events against their facts \
      (payctl replay). Each difference is a row. paywatch may run meanwhile.

      The exit code is 0 where all agree, 1 where something differs, and 2 where a chain couldn't \
      be asked or its nodes disagree.
      """)

  @Option(help: "paywatch's configuration: its database and its nodes.", completion: .file())
  var config: String

  @Option(help: "Only this chain, as the configuration names it. May be repeated.")
  var chain: [String] = []

  @Option(help: "Only this tenant's addresses and accounts.")
  var tenant: String?

  @Option(help: "table, csv or json.")
  var format: BooksFormat = .table

  @Flag(
    help: "Tell each new difference as a reconciliation.mismatch event, and keep the numbers.")
  var record = false

  func validate() throws {
    guard tenant == nil || !record else {
      throw ValidationError("--record is for all tenants together: leave --tenant out.")
    }
  }

  func run() async throws {
    let configuration = try BooksDatabase.configuration(config)
    let chains = try chosen(of: configuration)
    let client = try HTTPClient()
    defer { client.shutdown() }
    var rows: [ReconciliationRow] = []
    var isWhole = true
    try await OpenDatabase.run(configuration.database) { database in
      for chain in chains {
        do {
          rows += try await reconcile(chain, database, client)
        } catch let error where ChainTrouble.isCause(of: error) {
          isWhole = false
          StandardError.writeLine("\(chain.spec.name): \(ChainTrouble.sentence(error))")
        }
      }
      let report = try await database.read { try ReplayCheck.report(in: $0) }
      rows += report.found.map { ReconciliationRow($0) }
      if record {
        let now = SystemTime().now
        try await database.write { connection in
          let told = try ReconciliationRecords.record(report, now: now, in: connection)
          try Self.note(report.found.count, told, of: "books", now: now, in: connection)
        }
      }
    }
    try ReconciliationOutput.write(rows, format)
    StandardError.writeLine("\(rows.count) differences")
    guard isWhole else { throw ExitCode(2) }
    guard rows.isEmpty else { throw ExitCode.failure }
  }

  private func chosen(of configuration: PaywatchConfiguration) throws -> [ChainSettings] {
    guard !chain.isEmpty else { return configuration.chains }
    return try chain.map { name in
      guard let found = configuration.chains.first(where: { $0.spec.name.text == name }) else {
        let known = configuration.chains.map(\.spec.name.text).joined(separator: ", ")
        throw CommandFailure("\(config) has no chain \(name); it has \(known)")
      }
      return found
    }
  }

  private func reconcile(
    _ chain: ChainSettings, _ database: any Database, _ client: HTTPClient
  ) async throws -> [ReconciliationRow] {
    let (clock, seed) = (SystemRPCClock(), UInt64.random(in: .min ... .max))
    let reconciler = Reconciler(
      database: database, spec: chain.spec, tenant: tenant, clock: clock)
    let outcome: Reconciler.Outcome
    switch chain.spec.family {
    case .bitcoin:
      outcome = try await reconciler.run(
        chain.bitcoinPool(client: client, clock: clock, jitterSeed: seed))
    case .ethereum:
      outcome = try await reconciler.run(
        chain.ethereumPool(client: client, clock: clock, jitterSeed: seed))
    }
    let place = outcome.block.map { " at block \($0.text(chain.spec.family.hashForm))" } ?? ""
    StandardError.writeLine("\(chain.spec.name): \(outcome.addresses) addresses\(place)")
    for node in outcome.dissenting.sorted() {
      StandardError.writeLine(
        "\(chain.spec.name): node \(node) says otherwise than the quorum: look at it")
    }
    guard record else { return outcome.rows }
    let (spec, now) = (chain.spec, SystemTime().now)
    try await database.write { connection in
      let told = try ReconciliationRecords.record(outcome, of: spec, now: now, in: connection)
      try Self.note(outcome.rows.count, told, of: spec.name.text, now: now, in: connection)
    }
    return outcome.rows
  }

  /// Says in the audit log that a comparison was recorded, which may tell events.
  private static func note(
    _ differences: Int, _ told: Int, of subject: String, now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    try Operator.author(for: nil).note(
      "books.reconcile", of: subject,
      ["differences": .number("\(differences)"), "told": .number("\(told)")], now: now,
      in: connection)
  }
}

/// Why a chain couldn't be compared, in words.
private enum ChainTrouble {
  /// Whether a chain or its nodes are to blame, rather than the database.
  static func isCause(of error: any Error) -> Bool {
    error is Reconciler.Failure || error is NodePoolError
  }

  static func sentence(_ error: any Error) -> String {
    switch error {
    case Reconciler.Failure.unknownChain: "no watcher has started it yet"
    case Reconciler.Failure.notCovered(let block):
      "the nodes are at height \(block.height), which isn't scanned: paywatch must run and keep up"
    case Reconciler.Failure.reorganised:
      "reorganisations took the blocks asked about, or the nodes stand at different ones: try again"
    case Reconciler.Failure.nodesDisagree(let block, let said):
      "no quorum of its nodes says the same at height \(block.height): \(said)"
    case Reconciler.Failure.stateGone: "too few nodes have the state of a scanned block any more"
    case Reconciler.Failure.noBalance(let contract):
      "the token 0x\(contract.hex) doesn't tell balances"
    case NodePoolError.allFailed(let failures):
      "no node could answer: \(failures.map { "\($0.error)" }.joined(separator: "; "))"
    case NodePoolError.tooFewAnswers(let quorum, let failures):
      "fewer than \(quorum) nodes could answer: "
        + failures.map { "\($0.error)" }.joined(separator: "; ")
    default: "\(error)"
    }
  }
}
