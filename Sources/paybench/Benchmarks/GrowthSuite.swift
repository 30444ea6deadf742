internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Digests
internal import Foundation
internal import Keys
internal import Settlement
internal import Synchronization
internal import Watching

/// What a system meets that has had many addresses: its watchers' starts, their memory, and whether
/// a block costs more.
enum GrowthSuite: Suite {
  private static let rebuild = "watch set rebuilt from a descriptor, two cores"
  private static let load = "watch set loaded from a snapshot, cold"
  private static let start = "start of a watcher's process, to watching all addresses"
  private static let resident = "memory of a watcher's process, a tenth in open payments"
  private static let commit = "block of 20 payments to its commit, as addresses and payments grow"
  private static let scan = "block scan, verified, as addresses grow"

  static let names = [rebuild, load, commit, start, resident, scan]

  /// In the small database, which is what the large one stands beside.
  private static let few = 1_000

  static func contests(named names: Set<String>, _ materials: Materials) async throws -> [Contest] {
    var contests: [Contest] = []
    let settings = materials.settings
    if names.contains(rebuild) { contests.append(try rebuilt(settings)) }
    let others = names.subtracting([rebuild, scan])
    if !others.isEmpty {
      Progress.note("making a database of \(settings.scripts) addresses")
      let shop = try await Shop(settings)
      if names.contains(load) { contests.append(loaded(shop)) }
      // Before the processes, whose blocks would be a past that the small database doesn't have.
      if names.contains(commit) { contests.append(try await committed(shop, settings)) }
      if names.contains(start) || names.contains(resident) {
        contests.append(started(shop, names))
      }
      // All are done in turn, and the last one puts the database away.
      let last = contests.removeLast()
      contests.append(last.finishing { try await shop.payments.close() })
    }
    if names.contains(scan) { contests.append(try scanned(materials)) }
    return contests
  }

  // MARK: The set

  private static func rebuilt(_ settings: Settings) throws -> Contest {
    let descriptor = try Descriptor(
      accountKey: AddressSuite.account, network: .mainnet, branch: 0)
    let count = settings.scripts
    return Contest(
      name: rebuild, unit: "s",
      how: """
        \(count) P2WPKH scripts of an account's public key, from indexes that weren't used before, \
        derived by two threads and put into one set; in time as it passes.
        """,
      ours: {
        let rebuilding = Rebuilding(descriptor, count: count)
        let seconds = Threads.seconds(2) { _ in rebuilding.work(inserting: true) }
        try rebuilding.check()
        return seconds
      },
      references: [
        Contest.Reference(
          name: "an eighth of the scripts derived and thrown away, times eight",
          goal: .atMost(30, "s")
        ) {
          let deriving = Rebuilding(descriptor, count: max(1, count / 8))
          return 8 * Threads.seconds(2) { _ in deriving.work(inserting: false) }
        }
      ])
  }

  /// Shared by the threads that do it.
  private final class Rebuilding: Sendable {
    private let descriptor: Descriptor
    private let count: UInt32
    private let first: UInt32
    private let next = Atomic<UInt32>(0)
    private let set = Mutex(WatchSet(key: ManyPayments.key()))

    private static let batch: UInt32 = 8_192

    init(_ descriptor: Descriptor, count: Int) {
      self.descriptor = descriptor
      self.count = UInt32(count)
      first = .random(in: 0..<1 << 30)
    }

    /// Derives what no other thread has begun, until all is.
    func work(inserting: Bool) {
      while true {
        let start = next.wrappingAdd(Self.batch, ordering: .relaxed).oldValue
        guard start < count else { return }
        let indexes = first + start..<first + min(count, start + Self.batch)
        // One that fails leaves the set without its scripts.
        guard let addresses = try? descriptor.addresses(at: indexes, by: .batched) else { return }
        let scripts = addresses.map { $0?.output.scriptPubKey }
        guard inserting else { continue }
        set.withLock { set in
          for (index, script) in zip(indexes, scripts) {
            if let script { set.insert(script: script, ordinal: UInt64(index - first) + 1) }
          }
        }
      }
    }

    /// Throws unless all are there, some of which libsecp256k1 derives again.
    func check() throws {
      try set.withLock { set in
        guard set.count == count else {
          throw BenchmarkFailure("\(set.count) of \(count) scripts are watched")
        }
        for offset in stride(from: 0, to: count, by: Int(max(1, count / 100))) {
          let script = try descriptor.address(at: first + offset).output.scriptPubKey
          guard set.ordinal(of: script.span.bytes) == UInt64(offset) + 1 else {
            throw BenchmarkFailure("the script of index \(first + offset) isn't watched")
          }
        }
      }
    }
  }

  // MARK: Starts

  /// The large database, with a snapshot of what a watcher of it watches.
  private struct Shop {
    let payments: ManyPayments
    /// The database in the system's memory, from its making on.
    private let kept: PageCache.Kept
    let digest: String
    let snapshotPath: String
    let scriptBytes: Int

    init(_ settings: Settings) async throws {
      payments = try await ManyPayments.make(
        addresses: settings.scripts, payments: settings.scripts / 10)
      kept = try PageCache.Kept(payments.path)
      let read = try await payments.readSet(settings.scripts)
      try payments.check(read.set)
      let watched = WatchedAddresses(read.set, through: read.through)
      try await payments.snapshots.save(watched)
      digest = WatcherStart.digest(of: watched.parts)
      scriptBytes = 22 * read.set.count
      let directory = payments.path + "-addresses"
      guard let file = try FileManager.default.contentsOfDirectory(atPath: directory).first else {
        throw BenchmarkFailure("there is no snapshot")
      }
      snapshotPath = "\(directory)/\(file)"
    }
  }

  private static func loaded(_ shop: Shop) -> Contest {
    Contest(
      name: load, unit: "s",
      how: """
        From the file, of which the system's memory has nothing, to the set of \
        \(shop.payments.addresses) scripts, its digest compared and looked up in the database; in \
        time as it passes.
        """,
      ours: {
        try PageCache.forget(shop.snapshotPath)
        var loaded: WatchSnapshots.Loaded?
        let seconds = try await WallClock.seconds {
          loaded = try await shop.payments.snapshots.load(key: ManyPayments.key())
        }
        guard let loaded else { throw BenchmarkFailure("there is no snapshot") }
        try shop.payments.check(loaded.set)
        return seconds
      },
      references: [
        Contest.Reference(name: "the file read and hashed (SHA-256)", goal: .atMost(2, "s")) {
          try PageCache.forget(shop.snapshotPath)
          return try await WallClock.seconds {
            guard let file = FileHandle(forReadingAtPath: shop.snapshotPath) else {
              throw BenchmarkFailure("there is no snapshot")
            }
            var hasher = SHA256()
            while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
              piece.withUnsafeBytes { hasher.update($0.bytes) }
            }
            Sink.take(hasher.finalize().words.0)
          }
        }
      ])
  }

  private static func started(_ shop: Shop, _ names: Set<String>) -> Contest {
    let part = max(1, shop.payments.addresses / 8)
    return Contest(
      name: start,
      how: """
        A process of its own on a SQLite database of \(shop.payments.addresses) addresses, of which \
        \(shop.payments.payments) belong to open payments, from the opened database until its \
        watcher has all of them; the snapshot comes from the disk. Its memory is the most that it \
        has held, after it has committed 20 blocks of 20 payments besides.
        """,
      ours: {
        try PageCache.forget(shop.snapshotPath)
        let start = try await WatcherStart.run(shop.payments)
        guard start.addresses == shop.payments.addresses, start.digest == shop.digest else {
          throw BenchmarkFailure("a process watches \(start.addresses) addresses, or others")
        }
        return [start.seconds, Double(start.residentBytes) / 1_048_576]
      },
      others: [
        {
          let seconds = try await WallClock.seconds { _ = try await shop.payments.readSet(part) }
          return [
            seconds * Double(shop.payments.addresses) / Double(part),
            Double(shop.scriptBytes) / 1_048_576,
          ]
        }
      ],
      comparisons: [
        Contest.Comparison(
          name: start, unit: "s",
          reference: "an eighth of the addresses read from their rows, times eight",
          goal: .atMost(2, "s")),
        Contest.Comparison(
          name: resident, unit: "MiB", figure: 1, reference: "the scripts themselves",
          referenceFigure: 1, goal: .atMost(1_024, "MiB")),
      ].filter { names.contains($0.name) })
  }

  // MARK: Blocks

  private static func committed(_ shop: Shop, _ settings: Settings) async throws -> Contest {
    let small = try await ManyPayments.make(addresses: few, payments: few)
    let turns = min(few, shop.payments.payments) - 1
    let large = try await BlockCommits.begin(shop.payments, hits: 20, turns: turns)
    let beside = try await BlockCommits.begin(small, hits: 20, turns: turns)
    // In nine rounds and the one before no payment is paid twice.
    let blocks = settings.repetitions(5)
    var contest = Contest(
      name: commit, unit: "ms",
      how: """
        From a scan's findings to the committed step, on SQLite: \(shop.payments.addresses) \
        addresses and \(shop.payments.payments) open payments beside \(few) of each. Each block \
        pays others, \(turns) in turn, which are spread over all; \(blocks) blocks a round, in \
        time as it passes. The database is kept in the system's memory, as one is whose payments \
        are minutes old.
        """,
      ours: {
        defer { withExtendedLifetime(shop) {} }
        return try await large.run(blocks)
      },
      references: [
        Contest.Reference(name: "the same with \(few) of each", goal: .ratioAtMost(1.3)) {
          try await beside.run(blocks)
        }
      ])
    // A database that was left alone takes some rounds until its blocks are as fast as before.
    contest.repeats = max(1, 9 / settings.rounds)
    return contest.finishing {
      try await large.check()
      try await beside.check()
      try await small.close()
    }
  }

  private static func scanned(_ materials: Materials) throws -> Contest {
    let block = try materials.block.get()
    let rounds = materials.settings.repetitions(32)
    let large = try BlockSuite.scan(block, rounds: rounds, materials.watched.set, .full)
    let small = try BlockSuite.scan(block, rounds: rounds, LargeWatchSet(count: few).set, .full)
    // Of MB/s the milliseconds.
    let bytes = Double(block.count)
    return Contest(
      name: scan, unit: "ms",
      how: """
        A block of 702861's shape, with other scripts each time, for \
        \(materials.settings.scripts) addresses beside \(few); on one core.
        """,
      ours: { try bytes / large() / 1e3 },
      references: [
        Contest.Reference(name: "the same with \(few)", goal: .ratioAtMost(1.3)) {
          try bytes / small() / 1e3
        }
      ])
  }
}
