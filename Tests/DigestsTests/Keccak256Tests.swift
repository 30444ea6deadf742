import Bytes
import Testing

@testable import Digests

@Suite("Keccak-256")
struct Keccak256Tests {
  @Test("well-known digests come out")
  func known() {
    let vectors = [
      "": "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
      "abc": "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45",
      // The topic of every ERC-20 transfer.
      "Transfer(address,address,uint256)":
        "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
    ]
    for (text, digest) in vectors { #expect(Keccak256.hash(Array(text.utf8)).hex == digest) }
  }

  @Test("every length around a block's edge gives what the slow sponge gives")
  func againstOracle() {
    for count in Array(0...300) + [407, 408, 409, 1_000, 4_096] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ count) }
      #expect(Keccak256.hash(bytes).bytes == SlowKeccak.keccak256(bytes), "\(count) bytes")
    }
  }

  @Test("each single bit of a message changes the digest as the slow sponge says")
  func singleBits() {
    for bit in 0..<(136 * 8) {
      var bytes = [UInt8](repeating: 0, count: 136)
      bytes[bit / 8] = 1 << UInt8(bit % 8)
      #expect(Keccak256.hash(bytes).bytes == SlowKeccak.keccak256(bytes))
    }
  }
}

@Suite("Keccak-256 of many messages at once")
struct ManyMessagesTests {
  /// What this processor has; the widest alone would leave the others unseen.
  static let widths = [128, 256, 512].filter { $0 <= KeccakStates.widestVectors }

  @Test(
    "whatever their number and lengths, each has the digest it has alone", arguments: widths)
  func againstSingle(vectorWidth: Int) {
    var random = SplitMix64(seed: 8)
    let bytes = (0..<5_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    let edges = [0, 1, 8, 135, 136, 137, 271, 272, 273]
    for count in Array(0...20) + [63, 64, 65, 300] {
      let parts = (0..<count).map { index in
        let isLong = Int.random(in: 0..<10, using: &random) == 0
        let length = isLong ? Int.random(in: 0...4_000, using: &random) : edges[index % 9]
        let start = Int.random(in: 0...bytes.count - length, using: &random)
        return start..<start + length
      }
      let digests = Keccak256.hashes(of: parts, in: bytes.span.bytes, vectorWidth: vectorWidth)
      #expect(digests == parts.map { Keccak256.hash(Array(bytes[$0])) }, "\(count) messages")
    }
  }

  @Test("a message of a length that others don't have goes on when the others are done")
  func oneLong() {
    let bytes = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let parts = (0..<9).map { $0 * 100..<$0 * 100 + 50 } + [0..<20_000]
    #expect(
      Keccak256.hashes(of: parts, in: bytes) == parts.map { Keccak256.hash(Array(bytes[$0])) })
  }
}

/// Keccak as its reference describes it, step by step on a 5 × 5 array: constants are computed,
/// nothing is unrolled. Slow, and only for comparing.
private enum SlowKeccak {
  static func keccak256(_ message: [UInt8]) -> [UInt8] {
    let rate = 136
    var padded = message + [0x01]
    while padded.count % rate != 0 { padded.append(0) }
    padded[padded.count - 1] |= 0x80
    var state = [[UInt64]](repeating: [UInt64](repeating: 0, count: 5), count: 5)
    for block in stride(from: 0, to: padded.count, by: rate) {
      for lane in 0..<(rate / 8) {
        var word: UInt64 = 0
        for byte in 0..<8 { word |= UInt64(padded[block + 8 * lane + byte]) << UInt64(8 * byte) }
        state[lane % 5][lane / 5] ^= word
      }
      permute(&state)
    }
    return (0..<32).map { UInt8(truncatingIfNeeded: state[$0 / 8][0] >> UInt64(8 * ($0 % 8))) }
  }

  private static func permute(_ a: inout [[UInt64]]) {
    var feedback: UInt8 = 1
    for _ in 0..<24 {
      // θ
      let columns = (0..<5).map { x in a[x].reduce(0, ^) }
      for x in 0..<5 {
        let effect = columns[(x + 4) % 5] ^ rotated(columns[(x + 1) % 5], by: 1)
        for y in 0..<5 { a[x][y] ^= effect }
      }
      // ρ and π: the lanes move along one cycle, turned by triangular numbers.
      var (x, y) = (1, 0)
      var moving = a[x][y]
      for step in 0..<24 {
        (x, y) = (y, (2 * x + 3 * y) % 5)
        let next = a[x][y]
        a[x][y] = rotated(moving, by: (step + 1) * (step + 2) / 2 % 64)
        moving = next
      }
      // χ
      for y in 0..<5 {
        let row = (0..<5).map { a[$0][y] }
        for x in 0..<5 { a[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]) }
      }
      // ι: bits 2^j − 1 of the round constant come from a linear feedback shift register.
      for j in 0..<7 {
        if feedback & 1 == 1 { a[0][0] ^= 1 << ((UInt64(1) << UInt64(j)) - 1) }
        feedback = feedback & 0x80 != 0 ? feedback << 1 ^ 0x71 : feedback << 1
      }
    }
  }

  private static func rotated(_ word: UInt64, by count: Int) -> UInt64 {
    count == 0 ? word : word << UInt64(count) | word >> UInt64(64 - count)
  }
}
