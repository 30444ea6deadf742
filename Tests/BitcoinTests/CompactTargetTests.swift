import Bytes
import ChainTypes
import Testing

@testable import Bitcoin

@Suite("Targets and proof of work")
struct CompactTargetTests {
  /// bits, target in hexadecimal (nil: refused), bits of the target.
  static let cases: [(bits: UInt32, target: String, back: UInt32)] = [
    (0x0112_3456, "12", 0x0112_0000),
    (0x0212_3456, "1234", 0x0212_3400),
    (0x0312_3456, "123456", 0x0312_3456),
    (0x0412_3456, "12345600", 0x0412_3456),
    (0x0500_9234, "92340000", 0x0500_9234),
    (0x2012_3456, "123456" + String(repeating: "0", count: 58), 0x2012_3456),
    (0x1d00_ffff, "ffff" + String(repeating: "0", count: 52), 0x1d00_ffff),
    (0x207f_ffff, "7fffff" + String(repeating: "0", count: 58), 0x207f_ffff),
    (0x2100_ffff, "ffff" + String(repeating: "0", count: 60), 0x2100_ffff),
    (0x2200_00ff, "ff" + String(repeating: "0", count: 62), 0x2100_ff00),
  ]

  @Test("nBits read and written as Bitcoin Core's arith_uint256 does it", arguments: cases)
  func compact(_ value: (bits: UInt32, target: String, back: UInt32)) throws {
    let digits = value.target.count % 2 == 0 ? value.target : "0" + value.target
    let target = try #require(UInt256(bigEndian: Hex.decode(digits)))
    #expect(try CompactTarget(value.bits).target == target)
    #expect(CompactTarget(target).bits == value.back)
  }

  @Test(
    "a mantissa that is zero, or becomes it, is no target",
    arguments: [
      0, 0x0012_3456, 0x0100_3456, 0x0200_0056, 0x0300_0000, 0x0400_0000, 0x0092_3456,
      0x0180_3456, 0x0280_0056, 0x0380_0000, 0x0480_0000, 0xff00_0000,
    ] as [UInt32])
  func zero(_ bits: UInt32) {
    #expect(throws: CompactTarget.Failure.zero(bits)) { try CompactTarget(bits).target }
  }

  @Test("a set sign bit is no target", arguments: [0x01fe_dcba, 0x0492_3456] as [UInt32])
  func negative(_ bits: UInt32) {
    #expect(throws: CompactTarget.Failure.negative(bits)) { try CompactTarget(bits).target }
  }

  @Test(
    "a target beyond 256 bits is none",
    arguments: [0xff12_3456, 0x2300_0001, 0x2200_0100, 0x2101_0000] as [UInt32])
  func overflow(_ bits: UInt32) {
    #expect(throws: CompactTarget.Failure.overflow(bits)) { try CompactTarget(bits).target }
  }

  @Test("every exponent and sign is answered without a trap")
  func allExponents() {
    for exponent in UInt32(0)...255 {
      for mantissa: UInt32 in [0, 1, 0x80, 0x7fff, 0x8000, 0xffff, 0x7f_ffff, 0x80_0000, 0xff_ffff]
      {
        let compact = CompactTarget(exponent << 24 | mantissa)
        guard let target = try? compact.target else { continue }
        #expect((try? CompactTarget(CompactTarget(target).bits).target) == target)
        #expect((try? compact.work) != nil)
      }
    }
  }

  @Test("work is 2^256 over the target plus one")
  func work() throws {
    #expect(try CompactTarget(UInt32(0x1d00_ffff)).work == 0x1_0001_0001)
    #expect(try CompactTarget(UInt32(0x207f_ffff)).work == 2)
    #expect(try CompactTarget(UInt32(0x1d00_7fff)).work == 0x2_0004_0008)
  }

  @Test("a hash above its target is refused, and one that meets it exactly isn't")
  func hashAboveTarget() throws {
    let bits: UInt32 = 0x1d00_ffff
    let target = try CompactTarget(bits).target
    let exact = try #require(Hash32(Array(target.bigEndianBytes.reversed())))
    #expect(throws: Never.self) {
      try ProofOfWork.check(hash: exact, bits: bits, network: .mainnet)
    }
    let next = target.addingReportingOverflow(.one).sum
    let above = try #require(Hash32(Array(next.bigEndianBytes.reversed())))
    #expect(throws: ProofOfWork.Failure.hashAboveTarget(hash: above, bits: bits)) {
      try ProofOfWork.check(hash: above, bits: bits, network: .mainnet)
    }
  }

  @Test("a target easier than the network's limit is refused, however low the hash")
  func limit() {
    for (network, bits) in [
      (BitcoinNetwork.mainnet, 0x1d01_0000), (.testnet4, 0x207f_ffff), (.signet, 0x1e03_77af),
      (.regtest, 0x2100_ffff),
    ] as [(BitcoinNetwork, UInt32)] {
      #expect(throws: ProofOfWork.Failure.targetAboveLimit(bits: bits)) {
        try ProofOfWork.check(hash: .zero, bits: bits, network: network)
      }
      #expect(throws: Never.self) {
        try ProofOfWork.check(hash: .zero, bits: network.powLimitBits, network: network)
      }
    }
  }
}
