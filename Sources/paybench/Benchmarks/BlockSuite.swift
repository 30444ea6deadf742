internal import Bitcoin
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Digests

/// A real block's bytes to its matches.
enum BlockSuite: Suite {
  private static let small = "block scan, verified, 1 k watched"
  private static let large = "block scan, verified, 10 M watched"
  private static let rescan = "block rescan, verified before, 10 M watched"

  static let names = [small, large, rescan]

  /// Copies that are scanned in turn, so that the block isn't found in the nearest cache.
  private static let copies = 16

  static func contests(named names: Set<String>, _ materials: Materials) throws -> [Contest] {
    let block = try materials.block.get()
    let blocks = (0..<copies).map { _ in block.map { $0 } }
    let layout = try HashedBytes(of: block)
    let rounds = materials.settings.repetitions(32)
    var contests: [Contest] = []

    func scan(_ set: WatchSet, _ verification: BlockVerification) throws -> () -> Double {
      let watching = Watched(set: set)
      // An error would measure something else.
      _ = try BlockScanner.scan(
        block.span.bytes, expecting: nil, network: .mainnet, verification: verification,
        watching: watching)
      return {
        rate(rounds, block.count) { round in
          let bytes = blocks[round % copies]
          let scanned = try? BlockScanner.scan(
            bytes.span.bytes, expecting: nil, network: .mainnet,
            verification: verification, watching: watching)
          Sink.take(UInt64(scanned?.matches.count ?? 0))
        }
      }
    }
    let sha256 = Contest.Reference(name: "SHA-256 of the same bytes") {
      rate(rounds, block.count) { Sink.take(SHA256.hash(blocks[$0 % copies]).words.0) }
    }
    let limit = Contest.Reference(
      name: "SHA-256d of what must be hashed, laid out ready", goal: .ratioAtLeast(0.85)
    ) { rate(rounds, block.count) { _ in layout.hash() } }
    let pass = Contest.Reference(
      name: "one pass over the same bytes", goal: .atLeast(10_000, "MB/s")
    ) { rate(rounds * 8, block.count) { Sink.take(sum(blocks[$0 % copies])) } }

    for name in [small, large] where names.contains(name) {
      let set = name == small ? LargeWatchSet(count: 1_000).set : materials.watched.set
      let last = try Block(bytes: block).transactions.last
      let peers =
        name == small
        ? []
        : try materials.peers.block(block, lastTxid: last?.txid.displayHex ?? "")
      contests.append(
        Contest(
          name: name, unit: "MB/s",
          how: """
            Block 702861's bytes to what pays a watched script, with txids, wtxids, merkle root, \
            witness commitment and proof of work verified; \(copies) copies in turn, on one core. \
            The peers make transactions and txids of them, nothing else.
            """,
          ours: try scan(set, .full), references: [sha256, limit] + peers))
    }
    if names.contains(rescan) {
      contests.append(
        Contest(
          name: rescan, unit: "MB/s",
          how: "The same, but only what matches is hashed: its block was verified before.",
          ours: try scan(materials.watched.set, .alreadyVerified),
          references: [pass]))
    }
    return contests
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
    let set: WatchSet

    func watches(scriptPubKey: RawSpan) -> Bool { set.contains(scriptPubKey) }

    func watches(spending outpoint: Outpoint) -> Bool { false }

    var watchesInputs: Bool { false }
  }
}
