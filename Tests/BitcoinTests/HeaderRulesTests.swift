import Bytes
import ChainTypes
import TestSupport
import Testing

@testable import Bitcoin

@Suite("Header rules")
struct HeaderRulesTests {
  /// Bitcoin Core's cases of `CalculateNextWorkRequired`: first and last time of a period, its
  /// target, the next.
  static let retargets: [(first: UInt32, last: UInt32, bits: UInt32, next: UInt32)] = [
    (1_261_130_161, 1_262_152_739, 0x1d00_ffff, 0x1d00_d86a),
    (1_231_006_505, 1_233_061_996, 0x1d00_ffff, 0x1d00_ffff),
    (1_279_008_237, 1_279_297_671, 0x1c05_a3f4, 0x1c01_68fd),
    (1_263_163_443, 1_269_211_443, 0x1c38_7f6f, 0x1d00_e1fd),
  ]

  @Test("a period's time scales its target, within a factor of four", arguments: retargets)
  func retarget(_ value: (first: UInt32, last: UInt32, bits: UInt32, next: UInt32)) {
    let seconds = Int64(value.last) - Int64(value.first)
    #expect(Retarget(.mainnet).scaled(value.bits, bySeconds: seconds) == value.next)
  }

  @Test("targets at the limit scale by four without overflow on every network")
  func extremes() {
    for kind in BitcoinNetwork.Kind.allCases where kind != .regtest {
      let network = BitcoinNetwork(kind)
      let rules = Retarget(network)
      #expect(rules.scaled(network.powLimitBits, bySeconds: .max) == network.powLimitBits)
      #expect(rules.scaled(network.powLimitBits, bySeconds: .min) != nil)
    }
  }

  @Test("2016 headers mined on mainnet's genesis keep its rules up to the next period")
  func alternateMainnet() throws {
    let headers = try AlternateMainnet.headers()
    let rules = HeaderRules(.mainnet)
    var window = HeaderWindow(AlternateMainnet.genesis, at: 0)
    for header in headers {
      let verdict = try rules.check(header, on: window)
      #expect(verdict.target == .checked && verdict.medianTime == .checked)
      window.append(header, hash: verdict.hash)
    }
    #expect(window.parent.height == 2016)
    #expect(headers[2014].bits == 0x1d00_ffff)
    #expect(headers[2015].bits == 0x1c3f_ffc0)

    // The same last header with only its parent known: its target is possible, no more.
    let last = headers[2015]
    let short = HeaderWindow(headers[2014], at: 2015)
    let verdict = try rules.check(last, on: short)
    #expect(verdict.target == .bounded && verdict.medianTime == .unknownAncestors)
  }

  @Test("a mainnet target that changes inside a period is refused, even to a harder one")
  func changeInsidePeriod() throws {
    let headers = try AlternateMainnet.headers()
    // The header that begins a period with the fourfold difficulty, put in the middle of one.
    let parent = BlockRef(height: 1000, hash: headers[2015].previousBlockHash)
    let window = HeaderWindow([AncestorHeader(headers[2014])], parent: parent)
    #expect(
      throws: HeaderError.wrongBits(0x1c3f_ffc0, expected: 0x1d00_ffff, height: 1001)
    ) {
      try HeaderRules(.mainnet).check(headers[2015], on: window)
    }
  }

  @Test("a header whose hash exceeds its target is refused, however well it stands otherwise")
  func insufficientWork() throws {
    var header = try #require(AlternateMainnet.headers().first)
    header.nonce += 1
    let window = HeaderWindow(AlternateMainnet.genesis, at: 0)
    let failure = ProofOfWork.Failure.hashAboveTarget(hash: header.hash, bits: header.bits)
    #expect(throws: HeaderError.proofOfWork(failure)) {
      try HeaderRules(.mainnet).check(header, on: window)
    }
  }

  @Test("a new period's target is refused where it isn't the one the last period gives")
  func wrongRetarget() throws {
    let headers = try AlternateMainnet.headers()
    // As if the period had taken two weeks: the target would have to stay.
    let slow = (0..<2016).map { AncestorHeader(time: UInt32($0) * 601, bits: 0x1d00_ffff) }
    let parent = BlockRef(height: 2015, hash: headers[2015].previousBlockHash)
    #expect(
      throws: HeaderError.wrongBits(0x1c3f_ffc0, expected: 0x1d00_ffff, height: 2016)
    ) {
      try HeaderRules(.mainnet).check(headers[2015], on: HeaderWindow(slow, parent: parent))
    }
    // With a period of unknown length, a target beyond a factor of four is still out of reach.
    let harder = HeaderWindow(
      [AncestorHeader(time: 0, bits: 0x1d00_ffff)],
      parent: BlockRef(height: 2015, hash: headers[0].previousBlockHash))
    var header = headers[0]
    header.bits = 0x1c3f_ffc0
    #expect(throws: HeaderError.self) { try HeaderRules(.mainnet).check(header, on: harder) }
    let easier = HeaderWindow(
      [AncestorHeader(time: 0, bits: 0x1b00_ffff)],
      parent: BlockRef(height: 2015, hash: headers[0].previousBlockHash))
    #expect(
      throws: HeaderError.unreachableBits(0x1d00_ffff, parentBits: 0x1b00_ffff, height: 2016)
    ) {
      try HeaderRules(.mainnet).check(headers[0], on: easier)
    }
  }

  @Test("a header names its parent, or doesn't stand on it")
  func linkage() throws {
    let headers = try AlternateMainnet.headers()
    let window = HeaderWindow(headers[0], at: 1)
    #expect(
      throws: HeaderError.notLinked(parent: headers[0].hash, named: headers[1].hash)
    ) {
      try HeaderRules(.mainnet).check(headers[2], on: window)
    }
    let end = HeaderWindow([], parent: BlockRef(height: .max, hash: headers[0].hash))
    #expect(throws: HeaderError.heightExhausted) {
      try HeaderRules(.mainnet).check(headers[1], on: end)
    }
  }

  @Test("a header's time lies after the median of the eleven before it")
  func medianTime() throws {
    var window = HeaderWindow(Regtest.header(on: .zero, time: 100), at: 0)
    for time in UInt32(101)...110 {
      let header = Regtest.header(on: window.parent.hash, time: time)
      window.append(header, hash: try HeaderRules(.regtest).check(header, on: window).hash)
    }
    // Times 100 to 110 ─ the median is 105.
    let late = Regtest.header(on: window.parent.hash, time: 106)
    #expect(try HeaderRules(.regtest).check(late, on: window).medianTime == .checked)
    let early = Regtest.header(on: window.parent.hash, time: 105)
    #expect(throws: HeaderError.notAfterMedianTime(time: 105, median: 105)) {
      try HeaderRules(.regtest).check(early, on: window)
    }
  }

  @Test("every network says what its headers prove")
  func provability() {
    #expect(HeaderRules(.mainnet).provability == .work)
    #expect(HeaderRules(.testnet3).provability == .cheapWork)
    #expect(HeaderRules(.testnet4).provability == .cheapWork)
    #expect(HeaderRules(.signet).provability == .challengeUnchecked)
    #expect(HeaderRules(.regtest).provability == .nothing)
  }
}

@Suite("Testnet targets")
struct TestnetTargetTests {
  private static let easy: UInt32 = 0x1d00_ffff
  private static let hard: UInt32 = 0x1954_fa04

  private func expected(
    _ network: BitcoinNetwork, at height: UInt32, time: UInt32, on ancestors: [AncestorHeader]
  ) -> UInt32? {
    let parent = BlockRef(height: height - 1, hash: .zero)
    let window = HeaderWindow(ancestors, parent: parent)
    guard
      case .exactly(let bits) = Retarget(network).expectedBits(at: height, time: time, on: window)
    else { return nil }
    return bits
  }

  @Test("a testnet4 block more than 20 minutes after its parent has the easiest target")
  func twentyMinutes() {
    let parent = [AncestorHeader(time: 10_000, bits: Self.hard)]
    for network in [BitcoinNetwork.testnet3, .testnet4] {
      #expect(expected(network, at: 40_001, time: 11_201, on: parent) == Self.easy)
      #expect(expected(network, at: 40_001, time: 11_200, on: parent) == Self.hard)
    }
    #expect(expected(.mainnet, at: 40_001, time: 11_201, on: parent) == Self.hard)
  }

  @Test("real work of the easiest target passes on testnet4 20 minutes later, else not")
  func twentyMinuteHeader() throws {
    // Mined at difficulty one: as good on testnet4 as where it comes from.
    let header = try AlternateMainnet.headers()[0]
    func window(parentTime: UInt32) -> HeaderWindow {
      HeaderWindow(
        [AncestorHeader(time: parentTime, bits: Self.hard)],
        parent: BlockRef(height: 40_000, hash: header.previousBlockHash))
    }
    let rules = HeaderRules(.testnet4)
    let verdict = try rules.check(header, on: window(parentTime: header.time - 1201))
    #expect(verdict.target == .checked)
    #expect(
      throws: HeaderError.wrongBits(Self.easy, expected: Self.hard, height: 40_001)
    ) {
      try rules.check(header, on: window(parentTime: header.time - 1200))
    }
  }

  @Test("after easy blocks the target of the last other one returns, or the period's first")
  func returnsToRealTarget() {
    let times: [UInt32] = [0, 600, 3000, 6000]
    //  hard ── easy ── easy ── easy ── ?
    let easyTail = times.map { AncestorHeader(time: $0, bits: $0 == 0 ? Self.hard : Self.easy) }
    #expect(expected(.testnet4, at: 40_004, time: 6600, on: easyTail) == Self.hard)
    #expect(expected(.testnet3, at: 40_004, time: 6600, on: easyTail) == Self.hard)
    // All that is known is easy, and the period begins before it: no saying.
    #expect(
      expected(.testnet3, at: 40_004, time: 6600, on: Array(easyTail.dropFirst())) == nil)
    //  period's first, itself easy ── easy ── ?
    let fromStart = [
      AncestorHeader(time: 0, bits: Self.easy), AncestorHeader(time: 600, bits: Self.easy),
    ]
    #expect(expected(.testnet3, at: 2016 * 5 + 2, time: 900, on: fromStart) == Self.easy)
  }

  @Test("testnet4 retargets from its period's first block, testnet3 from its last")
  func retargetBase() {
    // Two weeks less an interval, so that the target stays but for rounding; the last is easy.
    var ancestors = (0..<2016).map { AncestorHeader(time: UInt32($0) * 600, bits: Self.hard) }
    ancestors[2015] = AncestorHeader(time: 1_209_600, bits: Self.easy)
    #expect(expected(.testnet4, at: 2016 * 20, time: 0, on: ancestors) == Self.hard)
    #expect(expected(.testnet3, at: 2016 * 20, time: 0, on: ancestors) == Self.easy)
    #expect(expected(.testnet4, at: 2016 * 20, time: 0, on: Array(ancestors.dropFirst())) == nil)
  }

  @Test("a testnet4 period's first block lies at most 600 s before its parent")
  func timeWarp() throws {
    let header = try AlternateMainnet.headers()[0]
    func ancestors(parentTime: UInt32) -> HeaderWindow {
      // A slow period at the easiest target, so that the next has it too.
      let times = (0..<2015).map { AncestorHeader(time: UInt32($0) * 700, bits: Self.easy) }
      return HeaderWindow(
        times + [AncestorHeader(time: parentTime, bits: Self.easy)],
        parent: BlockRef(height: 2016 * 20 - 1, hash: header.previousBlockHash))
    }
    let rules = HeaderRules(.testnet4)
    let allowed = try rules.check(header, on: ancestors(parentTime: header.time + 600))
    #expect(allowed.target == .checked)
    #expect(
      throws: HeaderError.timeWarp(time: header.time, parentTime: header.time + 601)
    ) {
      try rules.check(header, on: ancestors(parentTime: header.time + 601))
    }
    #expect(throws: Never.self) {
      try HeaderRules(.testnet3).check(header, on: ancestors(parentTime: header.time + 601))
    }
  }
}

enum Regtest {
  static func header(on parent: Hash32, time: UInt32) -> BlockHeader {
    var header = BlockHeader(
      version: 0x2000_0000, previousBlockHash: parent, merkleRoot: .zero, time: time,
      bits: 0x207f_ffff, nonce: 0)
    let found = header.findNonce()
    #expect(found)
    return header
  }
}

/// The chain of `headers/mainnet_alt.json`, rebuilt from its times and nonces.
enum AlternateMainnet {
  private struct Vector: Decodable {
    let timestamps: [UInt32]
    let nonces: [UInt32]
  }

  static let genesis = BlockHeader(
    version: 1, previousBlockHash: .zero,
    merkleRoot: (try? Hash32(
      displayHex: "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b")) ?? .zero,
    time: 1_231_006_505, bits: 0x1d00_ffff, nonce: 2_083_236_893)

  /// Heights 1 to 2016; the last begins a period.
  static func headers() throws -> [BlockHeader] {
    let vector = try PackageFiles.vector("headers/mainnet_alt.json", as: Vector.self)
    let output = TransactionOutput(
      value: 5_000_000_000,
      scriptPubKey: try Hex.decode("76a914eadbac7f36c37e39361168b7aaee3cb24a25312d88ac"))
    var parent = genesis.hash
    return zip(vector.timestamps, vector.nonces).enumerated().map { index, fields in
      let height = UInt32(index) + 1
      let coinbase = Transaction.coinbase(
        height: height, extra: height <= 16 ? [0x00] : [], outputs: [output])
      var header = Block.assemble(
        previousBlockHash: parent, time: fields.0, bits: height < 2016 ? 0x1d00_ffff : 0x1c3f_ffc0,
        transactions: [coinbase]
      ).header
      header.nonce = fields.1
      parent = header.hash
      return header
    }
  }
}
