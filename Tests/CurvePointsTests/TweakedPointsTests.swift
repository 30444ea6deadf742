import Bytes
import Testing

@testable import CurvePoints
@testable import Keys

@Suite("Points plus tweaks")
struct TweakedPointsTests {
  private let order = Modular.order

  /// Tweaks a batch and holds every sum against libsecp256k1's; how many were infinity.
  @discardableResult
  private func check(
    _ pairs: [(key: PublicKey, tweak: UInt256)], _ comment: Comment? = nil
  ) -> Int {
    let (tweaks, points) = (pairs.map(\.tweak.hash), pairs.map(\.key.curvePoint))
    let sums = CurvePoint.adding(tweaks.span, to: points.span)
    #expect(sums.count == pairs.count)
    var infinite = 0
    for (pair, sum) in zip(pairs, sums) {
      let expected = pair.key.adding(tweak: pair.tweak.hash)
      #expect(sum.map(Oracle.compressed) == expected?.compressed, "\(pair): \(comment ?? "")")
      if sum == nil { infinite += 1 }
    }
    return infinite
  }

  @Test("20,000 random tweaks of random points give libsecp256k1's sums")
  func random() throws {
    var generator = SplitMix64(seed: 2_026)
    let keys = try (0..<50).map { _ in try Oracle.key(.random(using: &generator)) }
    let pairs = (0..<20_000).map { (keys[$0 % 50], UInt256.random(using: &generator)) }
    check(pairs)
  }

  @Test("batches of every size up to some, and around the size of a step")
  func sizes() throws {
    var generator = SplitMix64(seed: 77)
    let key = try Oracle.key(.random(using: &generator))
    for size in Array(0...5) + [1_023, 1_024, 1_025] {
      check((0..<size).map { _ in (key, .random(using: &generator)) }, "\(size)")
    }
  }

  @Test("0, 1, the group's order and its neighbours, and what is larger")
  func bounds() throws {
    let number = UInt256(0xfeed_beef)
    let key = try Oracle.key(number)
    let top = order.modulus
    let one = UInt256(1)
    let tweaks: [UInt256] = [
      0, 1, top.subtractingReportingUnderflow(one).difference, top,
      top.addingReportingOverflow(one).sum, UInt256(limbs: (.max, .max, .max, .max)),
      // The negative of the key itself, and its neighbours.
      order.negative(number), order.negative(number.addingReportingOverflow(one).sum),
      order.sum(order.negative(number), one), number,
    ]
    // n, n + 1, 2²⁵⁶ − 1 and −number.
    #expect(check(tweaks.map { (key, $0) }) == 4)
    // Alone, too: nothing hides behind another's inverse.
    for tweak in tweaks { check([(key, tweak)]) }
  }

  /// At a place of the tweak's digits the point so far, P + the digits before it, is what is to be
  /// added or its negative.
  @Test("doublings and infinities at every place, in the middle and at the end")
  func coincidences() throws {
    var generator = SplitMix64(seed: 5)
    var pairs: [(PublicKey, UInt256)] = []
    for place in 0..<SignedDigits.count {
      let unit = UInt256(1).shiftedLeft(by: place * SignedDigits.width)
      let most = place == SignedDigits.count - 1 ? 400 : SignedDigits.half - 1
      for digit in [1, 2, most] {
        let addend = order.product(unit, UInt256(UInt64(digit)))
        // What stands below the place, so small that nothing is carried to it: 0 or some digits.
        let small = place < 2 ? UInt256.zero : UInt256(generator.next() % (1 << 24))
        for below in [UInt256.zero, small] {
          // And above it: nothing, something after a gap, everything.
          let room = (place + 2) * SignedDigits.width
          var tops = [UInt256.zero]
          if room < 250 {
            tops.append(UInt256(3).shiftedLeft(by: room))
            let random = UInt256.random(using: &generator).shiftedRight(by: 2)
            tops.append(random.shiftedRight(by: room).shiftedLeft(by: room))
          }
          for above in tops {
            let tweak = order.sum(order.sum(addend, below), above)
            // P + below = ± addend.
            let twice = order.sum(addend, order.negative(below))
            let none = order.negative(order.sum(addend, below))
            pairs.append((try Oracle.key(twice), tweak))
            pairs.append((try Oracle.key(none), tweak))
          }
        }
      }
    }
    // Infinity at the end is met wherever nothing stands above.
    #expect(check(pairs) >= SignedDigits.count * 3)
    // Every one beside ordinary sums in one batch, and alone.
    for pair in pairs.prefix(60) { check([pair]) }
  }

  @Test("tweaks whose digits are 0 at some places or at all but one")
  func zeroDigits() throws {
    var generator = SplitMix64(seed: 8)
    let key = try Oracle.key(.random(using: &generator))
    var pairs: [(PublicKey, UInt256)] = []
    for place in 0..<SignedDigits.count {
      let shift = place * SignedDigits.width
      pairs.append((key, UInt256(1).shiftedLeft(by: shift)))
      pairs.append((key, UInt256(300).shiftedLeft(by: min(shift, 240))))
      let high = UInt256.random(using: &generator).shiftedRight(by: 1)
      pairs.append((key, high.shiftedRight(by: shift).shiftedLeft(by: shift)))
    }
    check(pairs)
  }

  @Test("coordinates that no point has are refused, and a point's y can be made even")
  func coordinates() throws {
    let point = CurvePoint.generator
    #expect(CurvePoint(x: point.xBytes, y: point.yBytes) == point)
    #expect(CurvePoint(x: point.yBytes, y: point.xBytes) == nil)
    #expect(CurvePoint(x: UInt256(limbs: (.max, .max, .max, .max)).hash, y: point.yBytes) == nil)
    for number in 1...20 as ClosedRange<UInt64> {
      let key = try Oracle.key(UInt256(number))
      let even = key.curvePoint.withEvenY
      #expect(!even.hasOddY)
      #expect(even.xBytes == key.xOnly.bytes)
      #expect(CurvePoint(x: even.xBytes, y: even.yBytes) == even)
    }
  }
}
