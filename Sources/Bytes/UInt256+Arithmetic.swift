// Arithmetic of UInt256: schoolbook on four 64-bit limbs; every result is checked.
extension UInt256 {
  package func adding(_ other: UInt256) throws(ArithmeticError) -> UInt256 {
    let (sum, overflow) = addingReportingOverflow(other)
    guard !overflow else { throw .overflow }
    return sum
  }

  package func subtracting(_ other: UInt256) throws(ArithmeticError) -> UInt256 {
    let (difference, underflow) = subtractingReportingUnderflow(other)
    guard !underflow else { throw .underflow }
    return difference
  }

  /// `self - other`, or zero where that lies below zero.
  package func subtractingOrZero(_ other: UInt256) -> UInt256 {
    let (difference, underflow) = subtractingReportingUnderflow(other)
    return underflow ? .zero : difference
  }

  package func multiplied(by other: UInt256) throws(ArithmeticError) -> UInt256 {
    let a = [limbs.0, limbs.1, limbs.2, limbs.3]
    let b = [other.limbs.0, other.limbs.1, other.limbs.2, other.limbs.3]
    var product = [UInt64](repeating: 0, count: 8)
    for i in 0..<4 {
      var carry: UInt64 = 0
      for j in 0..<4 {
        // At most (2^64−1)² + 2·(2^64−1) = 2^128 − 1: it fits.
        let wide =
          UInt128(a[i]) * UInt128(b[j]) + UInt128(product[i + j]) + UInt128(carry)
        product[i + j] = UInt64(truncatingIfNeeded: wide)
        carry = UInt64(truncatingIfNeeded: wide >> 64)
      }
      product[i + 4] = carry
    }
    guard product[4] | product[5] | product[6] | product[7] == 0 else { throw .overflow }
    return UInt256(limbs: (product[0], product[1], product[2], product[3]))
  }

  /// Quotient and remainder of the division by `divisor`.
  package func divided(
    by divisor: UInt256
  ) throws(ArithmeticError) -> (quotient: UInt256, remainder: UInt256) {
    guard divisor != .zero else { throw .divisionByZero }
    if let word = divisor.asUInt64 {
      let (quotient, remainder) = dividedByWord(word)
      return (quotient, UInt256(remainder))
    }
    guard self >= divisor else { return (.zero, self) }
    // Shift and subtract: at most 192 steps, since the divisor has over 64 bits.
    var quotient = UInt256.zero
    var remainder = self
    var shift = bitWidth - divisor.bitWidth
    var shifted = divisor.shiftedLeft(by: shift)
    while shift >= 0 {
      if remainder >= shifted {
        remainder = remainder.subtractingReportingUnderflow(shifted).difference
        quotient = quotient.settingBit(shift)
      }
      shifted = shifted.shiftedRight(by: 1)
      shift -= 1
    }
    return (quotient, remainder)
  }

  /// 10^exponent; 10^77 is the largest that fits.
  package static func powerOfTen(_ exponent: Int) throws(ArithmeticError) -> UInt256 {
    guard (0...77).contains(exponent) else { throw .overflow }
    var power = UInt256.one
    var left = exponent
    while left > 0 {
      // 10^19 is the largest power of ten in 64 bits.
      var word: UInt64 = 1
      for _ in 0..<min(left, 19) { word *= 10 }
      power = try power.multiplied(by: UInt256(word))
      left -= min(left, 19)
    }
    return power
  }

  /// Bits shifted out at the top are lost.
  package func shiftedLeft(by count: Int) -> UInt256 {
    precondition(count >= 0 && count < 256, "a shift is 0 to 255 bits")
    let source = [limbs.0, limbs.1, limbs.2, limbs.3]
    var result: [UInt64] = [0, 0, 0, 0]
    let (words, bits) = (count / 64, UInt64(count % 64))
    for index in words..<4 {
      result[index] = source[index - words] << bits
      if bits > 0, index > words { result[index] |= source[index - words - 1] >> (64 - bits) }
    }
    return UInt256(limbs: (result[0], result[1], result[2], result[3]))
  }

  /// Bits shifted out at the bottom are lost.
  package func shiftedRight(by count: Int) -> UInt256 {
    precondition(count >= 0 && count < 256, "a shift is 0 to 255 bits")
    let source = [limbs.0, limbs.1, limbs.2, limbs.3]
    var result: [UInt64] = [0, 0, 0, 0]
    let (words, bits) = (count / 64, UInt64(count % 64))
    for index in 0..<(4 - words) {
      result[index] = source[index + words] >> bits
      if bits > 0, index + words + 1 < 4 {
        result[index] |= source[index + words + 1] << (64 - bits)
      }
    }
    return UInt256(limbs: (result[0], result[1], result[2], result[3]))
  }

  /// All 256 bits inverted.
  package var complement: UInt256 {
    UInt256(limbs: (~limbs.0, ~limbs.1, ~limbs.2, ~limbs.3))
  }

  package func addingReportingOverflow(_ other: UInt256) -> (sum: UInt256, overflow: Bool) {
    let (s0, c0) = limbs.0.addingReportingOverflow(other.limbs.0)
    let (s1, c1) = Self.add(limbs.1, other.limbs.1, carry: c0)
    let (s2, c2) = Self.add(limbs.2, other.limbs.2, carry: c1)
    let (s3, c3) = Self.add(limbs.3, other.limbs.3, carry: c2)
    return (UInt256(limbs: (s0, s1, s2, s3)), c3)
  }

  package func subtractingReportingUnderflow(
    _ other: UInt256
  ) -> (difference: UInt256, underflow: Bool) {
    let (d0, b0) = limbs.0.subtractingReportingOverflow(other.limbs.0)
    let (d1, b1) = Self.subtract(limbs.1, other.limbs.1, borrow: b0)
    let (d2, b2) = Self.subtract(limbs.2, other.limbs.2, borrow: b1)
    let (d3, b3) = Self.subtract(limbs.3, other.limbs.3, borrow: b2)
    return (UInt256(limbs: (d0, d1, d2, d3)), b3)
  }

  /// Division by a 64-bit word; `word` isn't zero.
  func dividedByWord(_ word: UInt64) -> (quotient: UInt256, remainder: UInt64) {
    let (q3, r3) = word.dividingFullWidth((0, limbs.3))
    let (q2, r2) = word.dividingFullWidth((r3, limbs.2))
    let (q1, r1) = word.dividingFullWidth((r2, limbs.1))
    let (q0, r0) = word.dividingFullWidth((r1, limbs.0))
    return (UInt256(limbs: (q0, q1, q2, q3)), r0)
  }

  private func settingBit(_ position: Int) -> UInt256 {
    let bit = UInt256.one.shiftedLeft(by: position)
    return UInt256(
      limbs: (
        limbs.0 | bit.limbs.0, limbs.1 | bit.limbs.1, limbs.2 | bit.limbs.2, limbs.3 | bit.limbs.3
      ))
  }

  private static func add(_ a: UInt64, _ b: UInt64, carry: Bool) -> (UInt64, Bool) {
    let (sum, first) = a.addingReportingOverflow(b)
    let (result, second) = sum.addingReportingOverflow(carry ? 1 : 0)
    return (result, first || second)
  }

  private static func subtract(_ a: UInt64, _ b: UInt64, borrow: Bool) -> (UInt64, Bool) {
    let (difference, first) = a.subtractingReportingOverflow(b)
    let (result, second) = difference.subtractingReportingOverflow(borrow ? 1 : 0)
    return (result, first || second)
  }
}
