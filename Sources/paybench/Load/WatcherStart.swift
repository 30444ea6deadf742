internal import ArgumentParser
internal import Bytes
internal import ChainTypes
internal import Digests
internal import Foundation
internal import NodeRPC
internal import Settlement
internal import Watching

/// A process of its own that begins to watch: so long does it take from the opened database until
/// the watcher has all addresses, and so much memory does it hold once it has committed blocks.
struct WatcherStart: Codable {
  let seconds: Double
  /// The most that the process has held; in bytes.
  let residentBytes: Int
  let addresses: Int
  /// Of the set's parts.
  let digest: String

  /// Runs this program once more.
  static func run(_ shop: ManyPayments) async throws -> WatcherStart {
    let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let (process, output) = (Process(), Pipe())
    process.executableURL = URL(filePath: program)
    process.arguments = [
      Command.configuration.commandName ?? "", shop.path, "--addresses", "\(shop.addresses)",
      "--payments", "\(shop.payments)",
    ]
    process.standardOutput = output
    try process.run()
    let answer = try output.fileHandleForReading.readToEnd()
    process.waitUntilExit()
    guard process.terminationStatus == 0, let answer else {
      throw BenchmarkFailure("a watcher's process failed")
    }
    return try JSONDecoder().decode(WatcherStart.self, from: answer)
  }

  static func digest(of parts: [[UInt8]]) -> String {
    var hasher = SHA256()
    for part in parts { hasher.update(part.span.bytes) }
    return hasher.finalize().hex
  }

  /// What that process does.
  struct Command: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "start-watching", abstract: "Begins to watch, for a benchmark.",
      shouldDisplay: false)

    @Argument var database: String
    @Option var addresses: Int
    @Option var payments: Int

    func run() async throws {
      let shop = try ManyPayments.open(database, addresses: addresses, payments: payments)
      // Opened once the first question is answered.
      guard try await shop.store.record(of: shop.spec.name, window: 1) != nil else {
        throw BenchmarkFailure("there is no such chain")
      }
      let clock = SystemRPCClock()
      let key = ManyPayments.key()
      let watcher = BitcoinWatcher(
        settings: WatcherSettings(spec: shop.spec, network: .regtest, start: .tip),
        pool: try NodePool(
          nodes: [
            BitcoinNode(name: "none", transport: NoNode(), clock: clock, jitterSeed: 1)
          ], quorum: 1, genesisHash: nil, network: .regtest, clock: clock),
        store: shop.store, time: SystemTime(), watchKey: key)
      let keeping = SnapshotKeeping(shop.snapshots, of: watcher) { news in
        if case .loaded = news { return }
        FileHandle.standardError.write(Data("the snapshot wasn't loaded: \(news)\n".utf8))
      }
      let seconds = try await WallClock.seconds {
        await keeping.load(key: key)
        try await watcher.learnAddresses()
      }
      try await BlockCommits.begin(shop, hits: 20, turns: 999, isBetween: true).run(20)
      let watched = await watcher.watchedAddresses
      let start = WatcherStart(
        seconds: seconds, residentBytes: ProcessMemory.mostResidentBytes,
        addresses: watched.count, digest: WatcherStart.digest(of: watched.parts))
      FileHandle.standardOutput.write(try JSONEncoder().encode(start))
      try await shop.close()
    }
  }

  /// The watcher learns its addresses and is asked no more.
  private struct NoNode: RPCTransport {
    func post(
      _ body: [UInt8], timeoutMilliseconds: Int, maximumBytes: Int
    ) async throws -> RPCResponse { throw BenchmarkFailure("there is no node") }
  }
}
