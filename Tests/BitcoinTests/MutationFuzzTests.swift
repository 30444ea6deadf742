import Bytes
import ChainTypes
import Testing

@testable import Bitcoin

/// Real bytes, damaged: the scanner and the plain decoder have to say the same of them, and neither
/// may trap.
@Suite("Damaged bytes")
struct MutationFuzzTests {
  /// Bytes with a few changes: flipped bits, values that counts like, cuts, insertions, copies.
  static func damaged(
    _ bytes: [UInt8], from start: Int, using generator: inout SplitMix64
  ) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      guard bytes.count > start else { return bytes }
      let place = Int.random(in: start..<bytes.count, using: &generator)
      let length = min(Int.random(in: 1...40, using: &generator), bytes.count - place)
      switch Int.random(in: 0..<8, using: &generator) {
      case 0, 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 2:
        bytes[place] = [0, 1, 0xfc, 0xfd, 0xfe, 0xff].randomElement(using: &generator) ?? 0
      case 3: bytes.removeSubrange(place..<place + length)
      case 4: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
      case 5: bytes.removeLast(min(length, bytes.count))
      case 6: bytes += bytes[place..<place + length]
      default:
        let end = min(place + 9, bytes.count)
        bytes.replaceSubrange(place..<end, with: [UInt8](repeating: 0xff, count: end - place))
      }
    }
    return bytes
  }

  @Test("damaged blocks are judged alike by scanner and decoder", arguments: 0..<4)
  func blocks(_ index: Int) throws {
    let real = RealBlock.small[index]
    let bytes = try real.bytes()
    var generator = SplitMix64(seed: UInt64(index) + 100)
    var accepted = 0
    for round in 0..<600 {
      // Damage before byte 80 ends at the proof of work, so most of it starts behind.
      let copy = Self.damaged(bytes, from: round % 10 == 0 ? 0 : 80, using: &generator)
      for verification in [BlockVerification.full, .beforeSegwit, .alreadyVerified] {
        let outcome = Outcome.agreed(
          copy, network: real.network, verification: verification)
        #expect(outcome != nil, "seed \(index + 100), round \(round), \(verification)")
        if outcome?.error == nil { accepted += 1 }
        if verification == .full, copy != bytes {
          #expect(outcome?.error != nil, "seed \(index + 100), round \(round)")
        }
      }
    }
    // Scripts, amounts and witnesses may change where no root is checked.
    #expect(accepted > 20)
  }

  @Test("damaged transactions are judged alike by scanner and decoder")
  func transactions() throws {
    var generator = SplitMix64(seed: 7)
    let whole = try TransactionVectorTests.coreVectors("tx_valid.json").map(\.bytes)
    var accepted = 0
    for round in 0..<12_000 {
      let copy = Self.damaged(whole[round % whole.count], from: 0, using: &generator)
      let slow = DecodingTests.decodingError(copy)
      #expect(slow == DecodingTests.scanningError(copy), "seed 7, round \(round)")
      guard slow == nil else { continue }
      accepted += 1
      // What is accepted has one form only.
      #expect(try Transaction(bytes: copy).bytes == copy, "seed 7, round \(round)")
    }
    #expect(accepted > 1000)
  }

  @Test("noise is refused without a trap")
  func noise() {
    var generator = SplitMix64(seed: 9)
    for round in 0..<5000 {
      let length = Int.random(in: 0..<200, using: &generator)
      let bytes = (0..<length).map { _ in
        Bool.random(using: &generator) ? 0 : UInt8.random(in: 0...255, using: &generator)
      }
      #expect(
        DecodingTests.decodingError(bytes) == DecodingTests.scanningError(bytes),
        "seed 9, round \(round)")
      #expect(Outcome.agreed(bytes) != nil, "seed 9, round \(round)")
    }
  }
}
