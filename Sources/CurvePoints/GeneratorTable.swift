/// Multiples of G: for each place i of a number's digits 1·2^(w·i)·G, 2·2^(w·i)·G and so on up to
/// the greatest digit there. Any multiple of G is then one addition a digit, without doublings (the
/// windowing method with a fixed base: Brickell, Gordon, McCurley, Wilson, "Fast exponentiation
/// with precomputation", 1992).
///
/// With digits of 13 bits there are 19 places of 4,096 multiples and one of 512, 64 bytes each:
/// 5 MB, made at first use, which takes some milliseconds, and kept. Wider digits would save
/// additions and lose more by waiting for memory.
struct GeneratorTable: Sendable {
  /// At 0 stands G once more, so that infinity has an entry that can be read.
  // Safe to share: written before anyone has it, never changed, never freed.
  nonisolated(unsafe) let points: UnsafePointer<CurvePoint>

  static let shared = GeneratorTable()

  private init() {
    typealias Digits = SignedDigits
    let count = 1 + (Digits.count - 1) * Digits.half + Digits.topmost
    // Each entry lies in one line of the processor's caches, which have 64 bytes.
    let points = UnsafeMutableRawPointer.allocate(
      byteCount: count * MemoryLayout<CurvePoint>.stride, alignment: 64
    ).bindMemory(to: CurvePoint.self, capacity: count)
    points.initialize(to: .generator)
    var base = CurvePoint.generator
    var filled = 1
    for place in 0..<Digits.count {
      let first = filled
      (points + first).initialize(to: base)
      filled += 1
      let end = first + (place == Digits.count - 1 ? Digits.topmost : Digits.half)
      while filled < end {
        // From k multiples the next k: each plus the k-th. `end - first` is a power of 2.
        let known = UnsafeBufferPointer(start: points + first, count: filled - first)
        let next = Self.sums(known, plus: filled - 1, in: points)
        for place in 0..<next.count { (points + filled + place).initialize(to: next.point(place)) }
        filled += next.count
      }
      // 2^w times the base is twice its multiple by 2^(w−1), the last one.
      let last = UnsafeBufferPointer(start: points + filled - 1, count: 1)
      base = Self.sums(last, plus: filled - 1, in: points).point(0)
    }
    self.points = UnsafePointer(points)
  }

  private static func sums(
    _ known: UnsafeBufferPointer<CurvePoint>, plus entry: Int, in points: UnsafePointer<CurvePoint>
  ) -> PointBatch {
    var batch = PointBatch(known)
    for place in 0..<batch.count { batch.choose(Multiple(entry: entry), at: place) }
    batch.add(from: points)
    return batch
  }
}

/// A multiple of G that the table has, its negative, or infinity.
struct Multiple: Sendable {
  /// Twice the entry in the table, and 1 where its negative is meant; 0 for infinity.
  private let code: UInt32

  static let infinity = Multiple(code: 0)

  private init(code: UInt32) { self.code = code }

  /// What stands at an entry of the table.
  init(entry: Int) { code = UInt32(truncatingIfNeeded: entry) &<< 1 }

  /// `digit`·2^(w·place)·G.
  @inline(__always)
  init(digit: Int, place: Int) {
    // −1 for a negative digit, else 0.
    let sign = digit &>> (Int.bitWidth &- 1)
    let entry = place &* SignedDigits.half &+ ((digit ^ sign) &- sign)
    code = digit == 0 ? 0 : UInt32(truncatingIfNeeded: entry &<< 1 &- sign)
  }

  @inline(__always)
  var isInfinity: Bool { code == 0 }

  @inline(__always)
  var entry: Int { Int(truncatingIfNeeded: code &>> 1) }

  @inline(__always)
  var isNegative: Bool { code & 1 == 1 }
}
