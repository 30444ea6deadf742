internal import ArgumentParser
internal import Audit
internal import ChainTracking
internal import ChainTypes
internal import Database
internal import Deployment
internal import Foundation
internal import HTTPClient
internal import NodeRPC
internal import Settings
internal import Settlement
internal import Synchronization
internal import Watching

struct RescanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rescan",
    abstract: "Reads scanned blocks again and finds what isn't recorded.",
    discussion: """
      It is needed where addresses were imported after their money came, and after a restore. The \
      blocks come from the configured nodes, are those that the database's headers lead to, and \
      are verified as the watcher does. Each transfer to a watched address that isn't recorded \
      where it stands is a line, and each that is recorded in a block that doesn't hold it; a \
      summary follows. On EVM chains what was recorded as unproven is a line where it can be \
      proved by now, and a transfer that is told under another path than it is recorded under is \
      never written. The exit code is 1 where differences are left.

      With --write the missing ones are recorded as the watcher would have done it: payments and \
      events follow. So are the proofs of recorded transfers that have none, because they are \
      older than proofs are. paywatch may run meanwhile.

      With --by-logs nodes are asked for the transfers of the chain's tokens in the range \
      (eth_getLogs), and only the blocks are read in which these or the database's own records \
      lead to one of our addresses: years in an hour instead of weeks. Ether alone isn't found \
      so, nor what all nodes that are asked leave out.
      """)

  @Option(help: "paywatch's configuration: its database and its nodes.", completion: .file())
  var config: String

  @Option(help: "The chain, as the configuration names it.")
  var chain: String

  @Option(
    help: "The height of the first block; with --by-logs by default the first of any token.")
  var from: UInt32?

  @Option(help: "The height of the last block; by default the last one that was scanned.")
  var to: UInt32?

  @Flag(help: "On EVM chains: read only the blocks that tokens' logs lead to.")
  var byLogs = false

  @Flag(help: "Record what is missing; else it is only told.")
  var write = false

  @Option(help: "table or json.")
  var format: OutputFormat = .table

  func validate() throws {
    guard from != nil || byLogs else { throw ValidationError("--from is needed.") }
  }

  func run() async throws {
    let configuration = try configuration()
    guard let settings = configuration.chains.first(where: { $0.spec.name.text == chain }) else {
      let known = configuration.chains.map(\.spec.name.text).joined(separator: ", ")
      throw CommandFailure("\(config) has no chain \(chain); it has \(known)")
    }
    let client = try HTTPClient()
    defer { client.shutdown() }
    let isClean = try await OpenDatabase.run(configuration.database) { database in
      let (clock, seed) = (SystemRPCClock(), UInt64.random(in: .min ... .max))
      switch settings.spec.family {
      case .bitcoin:
        let reader = BitcoinRescanReader(
          settings: try settings.bitcoinWatching(),
          pool: try settings.bitcoinPool(client: client, clock: clock, jitterSeed: seed))
        guard !byLogs else { throw CommandFailure("\(chain) is no EVM chain: it has no logs") }
        return try await rescan(reader, database) {
          try await $0.compare(from: from ?? 0, through: to, progress: $1)
        }
      case .ethereum:
        let reader = EthereumRescanReader(
          settings: try settings.ethereumWatching(),
          pool: try settings.ethereumPool(client: client, clock: clock, jitterSeed: seed))
        return try await rescan(reader, database) { rescan, progress in
          guard byLogs else {
            return try await rescan.compare(from: from ?? 0, through: to, progress: progress)
          }
          let search = SearchProgress()
          return try await rescan.compareByLogs(
            from: from, through: to, onLogs: { search.note($0) }, progress: progress)
        }
      }
    }
    if !isClean { throw ExitCode.failure }
  }

  private func configuration() throws -> PaywatchConfiguration {
    do throws(ConfigurationError) {
      return try PaywatchConfiguration.load(
        config, environment: ProcessInfo.processInfo.environment)
    } catch {
      throw CommandFailure("\(config) can't be used:\n\(error)")
    }
  }

  /// Whether no difference is left.
  private func rescan<Reader: RescanReader>(
    _ reader: Reader, _ database: any Database,
    comparing compare: (
      ChainRescan<Reader>, _ progress: (RescanFindings) -> Void
    ) async throws -> RescanFindings
  ) async throws -> Bool {
    let (spec, pool) = (reader.spec, reader.pool)
    // Only what is written leaves a record.
    let audited = AuditedDatabase(
      base: database, author: Operator.author(for: nil), action: "chain.rescan",
      subject: spec.name.text)
    let rescan = ChainRescan(
      reader, store: ChainStore(database: audited, specs: [spec]), time: SystemTime(),
      watchKey: (.random(in: .min ... .max), .random(in: .min ... .max)))
    var progress = RescanProgress(clock: ContinuousClock())
    do {
      let findings = try await compare(rescan) { progress.note($0) }
      progress.finish(findings)
      tellQuarantines(of: pool)
      if !findings.unproved.isEmpty {
        StandardError.writeLine(
          "\(findings.unproved.count) recorded transactions lack a proof"
            + (write ? ", which is recorded now" : "; --write records it"))
      }
      if findings.untracedCount > 0 {
        StandardError.writeLine(
          "no node tells the calls of \(findings.untracedCount) blocks: what these moved wasn't "
            + "compared")
      }
      if findings.pendingCount > 0 {
        StandardError.writeLine(
          "nodes may tell or prove more of the calls of \(findings.pendingCount) blocks than "
            + "they did now: run it again")
      }
      if findings.leavesProofsOut {
        StandardError.writeLine("there are more proofs than one rescan keeps: run it again")
      }
      let changes = write ? try await rescan.write(findings) : []
      let lines = try await database.read { connection in
        try RescanLines(findings, spec: spec, recorded: changes, in: connection)
      }
      try lines.write(format)
      return lines.remaining == 0 && findings.pendingCount == 0
    } catch let error as RescanError {
      tellQuarantines(of: pool)
      throw CommandFailure(error.sentence(pool, spec.family.hashForm))
    }
  }

  /// A node that lied is told, also where another one served.
  private func tellQuarantines(of pool: QuorumPool<some ChainNode>) {
    for status in pool.status() {
      guard let reason = status.quarantine?.reason else { continue }
      StandardError.writeLine("payctl: node \(status.name) isn't believed: \(reason)")
    }
  }
}

/// Says now and then how far a rescan has come.
private struct RescanProgress {
  private let clock: ContinuousClock
  private let start: ContinuousClock.Instant
  private var last: ContinuousClock.Instant
  private static let interval = Duration.seconds(2)

  init(clock: ContinuousClock) {
    self.clock = clock
    start = clock.now
    last = start
  }

  mutating func note(_ findings: RescanFindings) {
    let now = clock.now
    guard now - last >= Self.interval else { return }
    last = now
    StandardError.writeLine(
      "read \(findings.blockCount) of \(findings.stepCount) blocks, "
        + "\(findings.transferCount) transfers, \(findings.missing.count) missing")
  }

  func finish(_ findings: RescanFindings) {
    let timing = ScanTiming.seconds(clock.now - start)
    StandardError.writeLine(
      "read \(findings.blockCount) blocks, \(findings.byteCount) bytes, in \(timing) s")
  }
}

/// Says now and then how far nodes have told logs.
private final class SearchProgress: Sendable {
  private struct State {
    var last = ContinuousClock.now
    var blocks = 0
  }

  private let state = Mutex(State())
  private static let interval = Duration.seconds(2)

  func note(_ range: ClosedRange<UInt32>) {
    let (now, end) = (ContinuousClock.now, range.upperBound)
    let blocks = state.withLock { state -> Int? in
      state.blocks += range.count
      guard now - state.last >= Self.interval else { return nil }
      state.last = now
      return state.blocks
    }
    guard let blocks else { return }
    StandardError.writeLine("read the logs of \(blocks) blocks, up to \(end)")
  }
}
