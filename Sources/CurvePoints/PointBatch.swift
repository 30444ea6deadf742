/// Points to which multiples from a table are added, each point its own, with one inversion for all
/// of a step's divisions.
///
/// An addition in affine coordinates (SEC 1, 2.2.1) takes a division besides three multiplications:
///
///     λ = (y₂ − y₁) / (x₂ − x₁),  x₃ = λ² − x₁ − x₂,  y₃ = λ·(x₁ − x₃) − y₁
///
/// Montgomery's simultaneous inversion ("Speeding the Pollard and elliptic curve methods of
/// factorization", 1987) gets the inverses of n numbers from that of their product, with three
/// multiplications each: on the way there the product of all before each one is kept, on the way
/// back a number's inverse is the inverse of all up to it, times that product.
///
/// Sums that the formula doesn't cover are told apart before anything is divided (`Kind`).
struct PointBatch: ~Copyable {
  let count: Int
  // Each `count` long (`products` two more), from `init` to `deinit`. Loops run over 0..<count, and
  // that a caller's place lies there is a precondition.
  private let points: UnsafeMutablePointer<CurvePoint>
  /// Where that is infinity; `points` then has something meaningless.
  private let isInfinite: UnsafeMutablePointer<Bool>
  /// What is added next.
  private let multiples: UnsafeMutablePointer<Multiple>
  private let kinds: UnsafeMutablePointer<Kind>
  private let divisors: UnsafeMutablePointer<FieldElement>
  /// Behind two ones, for each place the product of every other divisor up to it. Two products grow
  /// in turns because the processor can work on both at once.
  private let products: UnsafeMutablePointer<FieldElement>

  /// How a place's point and its multiple are added.
  private enum Kind: UInt8 {
    case sum
    /// There is nothing to add.
    case nothing
    /// The point is infinity: the multiple takes its place.
    case replacing
    /// Both are the same: λ = 3x² / 2y.
    case doubling
    /// They are each other's negative: their sum is infinity.
    case vanishing
  }

  init(_ points: UnsafeBufferPointer<CurvePoint>) {
    count = points.count
    self.points = .allocate(capacity: count)
    _ = UnsafeMutableBufferPointer(start: self.points, count: count).initialize(
      fromContentsOf: points)
    isInfinite = .allocate(capacity: count)
    isInfinite.initialize(repeating: false, count: count)
    multiples = .allocate(capacity: count)
    multiples.initialize(repeating: .infinity, count: count)
    kinds = .allocate(capacity: count)
    kinds.initialize(repeating: .nothing, count: count)
    divisors = .allocate(capacity: count)
    divisors.initialize(repeating: .one, count: count)
    products = .allocate(capacity: count + 2)
    products.initialize(repeating: .one, count: count + 2)
  }

  deinit {
    points.deallocate()
    isInfinite.deallocate()
    multiples.deallocate()
    kinds.deallocate()
    divisors.deallocate()
    products.deallocate()
  }

  /// The point at a place; nil for infinity.
  subscript(place: Int) -> CurvePoint? {
    precondition(place >= 0 && place < count, "the batch has no such place")
    return isInfinite[place] ? nil : points[place]
  }

  /// The point at a place where it can't be infinity.
  func point(_ place: Int) -> CurvePoint {
    precondition(place >= 0 && place < count, "the batch has no such place")
    precondition(!isInfinite[place], "infinity has no coordinates")
    return points[place]
  }

  /// Says what is added next at a place.
  @inline(__always)
  mutating func choose(_ multiple: Multiple, at place: Int) {
    precondition(place >= 0 && place < count, "the batch has no such place")
    multiples[place] = multiple
  }

  /// Adds to each point what was chosen for it, from a table that has it.
  mutating func add(from table: UnsafePointer<CurvePoint>) {
    guard count > 0 else { return }
    gather(table)
    multiply(table)
    finish(table)
  }

  /// Fetches the multiples' x, and does nothing else: so the processor reads as many of them at
  /// once as it can, which counts because the table is larger than its nearer memories.
  private func gather(_ table: UnsafePointer<CurvePoint>) {
    for place in 0..<count { divisors[place] = table[multiples[place].entry].x }
  }

  /// Makes the divisors and their products.
  private func multiply(_ table: UnsafePointer<CurvePoint>) {
    for place in 0..<count {
      let difference = divisors[place] - points[place].x
      divisors[place] = difference
      kinds[place] = .sum
      if multiples[place].isInfinity || isInfinite[place] || difference.isZero {
        distinguish(place, table)
      }
      products[place + 2] = products[place] * divisors[place]
    }
  }

  @inline(never)
  private func distinguish(_ place: Int, _ table: UnsafePointer<CurvePoint>) {
    divisors[place] = .one
    if multiples[place].isInfinity {
      kinds[place] = .nothing
    } else if isInfinite[place] {
      kinds[place] = .replacing
    } else if points[place].y == multiples[place].y(in: table) {
      kinds[place] = .doubling
      // No point of the curve has y = 0: the group's order is odd.
      divisors[place] = points[place].y + points[place].y
    } else {
      kinds[place] = .vanishing
    }
  }

  /// Divides and adds, from the last place to the first.
  private func finish(_ table: UnsafePointer<CurvePoint>) {
    // The inverses of the two products up to here: 1/a = b/ab and 1/b = a/ab. None is 0, as no
    // divisor is.
    let (last, other) = (products[count + 1], products[count])
    let inverse = (last * other).inverse
    var (rest, next) = (inverse * other, inverse * last)
    var place = count
    while place > 0 {
      place &-= 1
      let inverse = rest * products[place]
      (rest, next) = (next, rest * divisors[place])
      guard kinds[place] == .sum else {
        finish(kinds[place], at: place, inverse, table)
        continue
      }
      let slope = (multiples[place].y(in: table) - points[place].y) * inverse
      points[place].add(x: table[multiples[place].entry].x, slope: slope)
    }
  }

  @inline(never)
  private func finish(
    _ kind: Kind, at place: Int, _ inverse: FieldElement, _ table: UnsafePointer<CurvePoint>
  ) {
    switch kind {
    case .sum, .nothing: break
    case .replacing:
      let multiple = multiples[place]
      points[place] = CurvePoint(x: table[multiple.entry].x, y: multiple.y(in: table))
      isInfinite[place] = false
    case .doubling:
      let x = points[place].x
      points[place].add(x: x, slope: (x * x + x * x + x * x) * inverse)
    case .vanishing: isInfinite[place] = true
    }
  }
}

extension Multiple {
  @inline(__always)
  fileprivate func y(in table: UnsafePointer<CurvePoint>) -> FieldElement {
    table[entry].y.negated(if: isNegative)
  }
}

extension CurvePoint {
  /// Adds the point with this x, on the line with this slope through both.
  @inline(__always)
  fileprivate mutating func add(x other: FieldElement, slope: FieldElement) {
    let sum = slope * slope - x - other
    y = slope * (x - sum) - y
    x = sum
  }
}
