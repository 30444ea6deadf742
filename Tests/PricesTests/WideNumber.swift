/// A natural number of any size, slowly: what exact decimals are held against.
struct WideNumber: Comparable, CustomStringConvertible {
  /// Decimal digits, the least significant first, without zeros at the end.
  private var digits: [Int]

  init(_ text: String) {
    digits = text.reversed().compactMap(\.wholeNumberValue)
    trim()
  }

  private init(digits: [Int]) {
    self.digits = digits
    trim()
  }

  static func powerOfTen(_ exponent: Int) -> WideNumber {
    WideNumber(digits: Array(repeating: 0, count: exponent) + [1])
  }

  private mutating func trim() {
    while digits.last == 0 { digits.removeLast() }
  }

  static func + (a: WideNumber, b: WideNumber) -> WideNumber {
    var sum: [Int] = []
    var carry = 0
    for place in 0...max(a.digits.count, b.digits.count) {
      let total =
        (place < a.digits.count ? a.digits[place] : 0)
        + (place < b.digits.count ? b.digits[place] : 0) + carry
      sum.append(total % 10)
      carry = total / 10
    }
    return WideNumber(digits: sum)
  }

  static func * (a: WideNumber, b: WideNumber) -> WideNumber {
    var product = Array(repeating: 0, count: a.digits.count + b.digits.count + 1)
    for (i, x) in a.digits.enumerated() {
      for (j, y) in b.digits.enumerated() { product[i + j] += x * y }
    }
    for place in 0..<(product.count - 1) {
      product[place + 1] += product[place] / 10
      product[place] %= 10
    }
    return WideNumber(digits: product)
  }

  static func < (a: WideNumber, b: WideNumber) -> Bool {
    if a.digits.count != b.digits.count { return a.digits.count < b.digits.count }
    for (x, y) in zip(a.digits.reversed(), b.digits.reversed()) where x != y { return x < y }
    return false
  }

  var description: String {
    digits.isEmpty ? "0" : digits.reversed().map(String.init).joined()
  }
}
