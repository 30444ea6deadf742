internal import Addresses
internal import Bytes
internal import ChainTypes
internal import Digests
internal import Keys
internal import Synchronization

/// Addresses from an account's public key, up to their text.
enum AddressSuite: Suite {
  private static let bitcoin = "P2WPKH addresses from an xpub"
  private static let ethereum = "ERC-55 addresses from an xpub"

  static let names = [bitcoin, ethereum, onTwoCores(bitcoin), onTwoCores(ethereum)]

  private static func onTwoCores(_ name: String) -> String { "\(name), two cores" }

  /// BIP-0084's published account.
  static let account =
    "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs"

  static func contests(named names: Set<String>, _ materials: Materials) throws -> [Contest] {
    let descriptor = try Descriptor(accountKey: account, network: .mainnet, branch: 0)
    guard case .extended(let key, _, _) = descriptor.key.key else {
      throw BenchmarkFailure("an account's descriptor has an extended key")
    }
    // The same key as that of an account of EVM chains: no one's, but as good to derive from.
    let accountKey = key.text(network: .mainnet)
    let account = try EthereumAccount("[00000000/44h/60h/0h]\(accountKey)/0/*", isTest: false)
    let pipelines = [
      Pipeline(name: bitcoin, key: key.key) { indexes, derivation in
        try descriptor.addresses(at: indexes, by: derivation).map { $0?.text }
      },
      Pipeline(name: ethereum, key: key.key) { indexes, derivation in
        try account.addresses(at: indexes, by: derivation).map { $0?.text }
      },
    ]
    let count = UInt32(materials.settings.repetitions(16_384))
    let contests = pipelines.flatMap { [oneCore($0, count), twoCores($0, count)] }
    return try contests.filter { names.contains($0.name) }.map { contest in
      let peers: [Contest.Reference]
      switch contest.name {
      case bitcoin:
        let first = try descriptor.address(at: 0).text
        peers = try materials.peers.p2wpkhAddresses(Self.account, first: first)
      case ethereum:
        peers = try materials.peers.erc55Addresses(accountKey, first: account.address(at: 0).text)
      default: peers = []
      }
      return contest.beside(peers, unit: "addresses/s")
    }
  }

  private struct Pipeline: Sendable {
    let name: String
    let key: PublicKey
    let texts: @Sendable (Range<UInt32>, ChildDerivation) throws -> [String?]
  }

  /// Indexes that weren't used before: nothing can have been kept of them.
  private struct FreshIndexes {
    private var next = UInt32.random(in: 0..<1 << 29)

    mutating func take(_ count: UInt32) -> Range<UInt32> {
      if next > ChildNumber.indexEnd - count { next = 0 }
      defer { next += count }
      return next..<next + count
    }
  }

  /// Beside the same pipeline with libsecp256k1, which derives some of the same addresses: a single
  /// other one fails the benchmark.
  private static func oneCore(_ pipeline: Pipeline, _ count: UInt32) -> Contest {
    var fresh = FreshIndexes()
    var indexes = 0..<0 as Range<UInt32>
    var derived: [String?] = []
    let ours: Contest.Work = {
      indexes = fresh.take(count)
      let seconds = try CPUClock.seconds { derived = try pipeline.texts(indexes, .batched) }
      return [Double(count) / seconds]
    }
    let checked = max(count / 8, 1)
    let theirs: Contest.Work = {
      var expected: [String?] = []
      let start = indexes.lowerBound
      let seconds = try CPUClock.seconds {
        expected = try pipeline.texts(start..<start + checked, .libsecp256k1)
      }
      let mismatches = zip(expected, derived).count { $0 != $1 }
      guard mismatches == 0, derived.count == Int(count) else {
        throw BenchmarkFailure(
          "\(pipeline.name): \(mismatches) of \(checked) aren't libsecp256k1's")
      }
      return [Double(checked) / seconds]
    }
    var tweak = SHA256.hash([1])
    let bare: Contest.Work = {
      let tweaks = (0..<checked).map { _ in
        tweak = tweak.withUnsafeBytes { SHA256.hash($0.bytes) }
        return tweak
      }
      let seconds = CPUClock.seconds {
        for tweak in tweaks { Sink.take(pipeline.key.adding(tweak: tweak) == nil ? 0 : 1) }
      }
      return [Double(checked) / seconds]
    }
    return Contest(
      name: pipeline.name,
      how: """
        From an account's public key to the address's text, \(count) indexes a round that weren't \
        used before; an eighth of them again with libsecp256k1, where one other address fails. \
        Time is the processor's, on one core.
        """,
      ours: ours, others: [theirs, bare],
      comparisons: [
        .init(
          name: pipeline.name, unit: "addresses/s",
          reference: "the same with libsecp256k1's secp256k1_ec_pubkey_tweak_add", work: 0,
          goal: .ratioAtLeast(8)),
        .init(
          name: pipeline.name, unit: "addresses/s",
          reference: "secp256k1_ec_pubkey_tweak_add alone", work: 1),
      ])
  }

  /// Two threads beside one, in wall time: they share the table and nothing else.
  private static func twoCores(_ pipeline: Pipeline, _ count: UInt32) -> Contest {
    var fresh = FreshIndexes()
    let run = { (threads: Int) throws -> [Double] in
      let parts = (0..<threads).map { _ in fresh.take(count) }
      let derived = Atomic(0)
      let seconds = Threads.seconds(threads) { thread in
        let texts = (try? pipeline.texts(parts[thread], .batched)) ?? []
        derived.add(texts.count { $0 != nil }, ordering: .relaxed)
      }
      guard derived.load(ordering: .relaxed) == threads * Int(count) else {
        throw BenchmarkFailure("\(pipeline.name): a thread didn't derive all of its addresses")
      }
      return [Double(threads) * Double(count) / seconds]
    }
    let name = onTwoCores(pipeline.name)
    return Contest(
      name: name,
      how: "Two threads beside one, \(count) fresh indexes each, in time as it passes.",
      ours: { try run(2) }, others: [{ try run(1) }],
      comparisons: [
        .init(
          name: name, unit: "addresses/s", reference: "one core", goal: .ratioAtLeast(1.9))
      ], repeats: 3)
  }
}
