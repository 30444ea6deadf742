internal import Bitcoin
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Digests
internal import Synchronization

/// A real block's bytes to its matches.
///
/// Every scan finds other scripts in the block's outputs than those before: else the part of a
/// large watch set that a block touches would lie in the cache after the first. The block's bytes
/// are in the cache, and so are those that are hashed beside.
enum BlockSuite: Suite {
  private static let small = "block scan, verified, 1 k watched"
  private static let large = "block scan, verified, 10 M watched"
  private static let older = "block scan, verified, 10 M watched, block 413567"
  private static let rescan = "block rescan, verified before, 10 M watched"

  static let names = [small, large, onAllCores(large), older, rescan, onAllCores(rescan)]

  private static func onAllCores(_ name: String) -> String { "\(name), all cores" }

  static func contests(named names: Set<String>, _ materials: Materials) throws -> [Contest] {
    let block = try materials.block.get()
    let layout = try HashedBytes(of: block)
    let rounds = materials.settings.repetitions(32)
    var contests: [Contest] = []

    let transactions = try Block(bytes: block).transactions

    func scan(_ set: WatchSet, _ verification: BlockVerification) throws -> () throws -> Double {
      try Self.scan(block, rounds: rounds, set, verification)
    }
    let sha256 = Contest.Reference(name: "SHA-256 of the same bytes") {
      rate(rounds, block.count) { _ in Sink.take(SHA256.hash(block).words.0) }
    }
    let limit = Contest.Reference(
      name: "SHA-256d of what must be hashed, laid out ready", goal: .ratioAtLeast(0.85)
    ) { rate(rounds, block.count) { _ in layout.hash() } }
    let pass = Contest.Reference(
      name: "one pass over the same bytes", goal: .atLeast(10_000, "MB/s")
    ) { rate(rounds * 8, block.count) { _ in Sink.take(sum(block)) } }

    for name in [small, large] where names.contains(name) {
      let set = name == small ? LargeWatchSet(count: 1_000).set : materials.watched.set
      let peers =
        name == small
        ? []
        : try materials.peers.block(block, lastTxid: transactions.last?.txid.displayHex ?? "")
      contests.append(
        Contest(
          name: name, unit: "MB/s",
          how: """
            A block of 702861's shape to what pays a watched script, with txids, wtxids, merkle \
            root, witness commitment and proof of work verified; its outputs' scripts are others \
            each time, its bytes in the cache; on one core. The peers make transactions and txids of them, nothing else.
            """,
          ours: try scan(set, .full), references: [sha256, limit] + peers))
    }
    if names.contains(older) {
      let older = try materials.bytes(ofBlock: BitcoinCore.block)
      contests.append(
        Contest(
          name: Self.older, unit: "MB/s",
          how: """
            The same with a block from before segwit, which Bitcoin Core's own benchmark reads: it \
            makes transactions and txids of it, nothing else.
            """,
          ours: try Self.scan(older, rounds: rounds, materials.watched.set, .full),
          references: [BitcoinCore.deserialisation(seconds: materials.peers.seconds)]))
    }
    if names.contains(rescan) {
      contests.append(
        Contest(
          name: rescan, unit: "MB/s",
          how: """
            As the verified scan, but only what matches is hashed: its block was verified before.
            """,
          ours: try scan(materials.watched.set, .alreadyVerified),
          references: [pass]))
    }
    for (name, verification) in [(large, BlockVerification.full), (rescan, .alreadyVerified)]
    where names.contains(onAllCores(name)) {
      contests.append(
        Contest(
          name: onAllCores(name), unit: "MB/s",
          how: """
            \(Threads.processors) threads scan a block each, their scripts others each time; in \
            time as it passes, until the last one has.
            """,
          ours: try scanOnAllCores(block, rounds: rounds, materials.watched.set, verification),
          references: [
            Contest.Reference(
              name: "one core",
              goal: name == rescan ? .atLeast(10_000, "MB/s") : nil,
              run: try scan(materials.watched.set, verification))
          ]))
    }
    return contests
  }

  /// As `scan`, all threads together in time as it passes.
  private static func scanOnAllCores(
    _ block: [UInt8], rounds: Int, _ set: WatchSet, _ verification: BlockVerification
  ) throws -> () throws -> Double {
    let transactions = try Block(bytes: block).transactions.count
    let watching = Watched(scripts: set)
    let first = try FreshBlock(block)
    return {
      let sound = Atomic(0)
      let seconds = Threads.seconds(rounds: rounds) { _ in
        var fresh = first.reseeded()
        return (
          { fresh.renew(forHashing: verification != .alreadyVerified) },
          {
            let scanned = try? fresh.scan(verification, watching: watching)
            guard scanned?.transactionCount == transactions, scanned?.matches.isEmpty == true
            else { return }
            sound.add(1, ordering: .relaxed)
          }
        )
      }
      guard sound.load(ordering: .relaxed) == rounds * Threads.processors else {
        throw BenchmarkFailure("a block's scan isn't that of its transactions")
      }
      return Double(rounds * Threads.processors) * Double(block.count) / seconds / 1e6
    }
  }

  /// Gives the MB/s of so many scans of a block.
  static func scan(
    _ block: [UInt8], rounds: Int, _ set: WatchSet, _ verification: BlockVerification
  ) throws -> () throws -> Double {
    let transactions = try Block(bytes: block).transactions.count
    let watching = Watched(scripts: set)
    var fresh = try FreshBlock(block)
    return {
      var seconds = 0.0
      for _ in 0..<rounds {
        fresh.renew(forHashing: verification != .alreadyVerified)
        var scanned: ScannedBlock?
        seconds += try CPUClock.seconds {
          scanned = try fresh.scan(verification, watching: watching)
        }
        guard scanned?.transactionCount == transactions, scanned?.matches.isEmpty == true else {
          throw BenchmarkFailure("the block's scan isn't that of its transactions")
        }
      }
      return Double(rounds) * Double(block.count) / seconds / 1e6
    }
  }

  /// MB/s of `rounds` times `bytes`.
  private static func rate(_ rounds: Int, _ bytes: Int, _ body: (Int) -> Void) -> Double {
    let seconds = CPUClock.seconds { for round in 0..<rounds { body(round) } }
    return Double(rounds) * Double(bytes) / seconds / 1e6
  }

  private static func sum(_ bytes: [UInt8]) -> UInt64 {
    bytes.withUnsafeBytes { buffer in
      var sum: UInt64 = 0
      for offset in stride(from: 0, to: buffer.count - 7, by: 8) {
        sum &+= buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      }
      return sum
    }
  }

  private struct Watched: OutputWatching {
    let scripts: WatchSet

    func watches(spending outpoint: Outpoint) -> Bool { false }

    var watchesInputs: Bool { false }
  }
}
