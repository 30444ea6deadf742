import Bytes

@testable import CurvePoints

/// Arithmetic of numbers below a modulus, by adding and doubling.
struct Modular {
  let modulus: UInt256

  /// p, from SEC 2.
  static let field = Modular(
    modulus: UInt256(limbs: (0xffff_fffe_ffff_fc2f, .max, .max, .max)))
  /// n, from SEC 2.
  static let order = Modular(
    modulus: UInt256(
      limbs: (0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, 0xffff_ffff_ffff_fffe, .max)))

  func sum(_ a: UInt256, _ b: UInt256) -> UInt256 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    guard overflow || sum >= modulus else { return sum }
    return sum.subtractingReportingUnderflow(modulus).difference
  }

  func negative(_ a: UInt256) -> UInt256 {
    a == .zero ? a : modulus.subtractingReportingUnderflow(a).difference
  }

  func product(_ a: UInt256, _ b: UInt256) -> UInt256 {
    var result = UInt256.zero
    for bit in stride(from: b.bitWidth - 1, through: 0, by: -1) {
      result = sum(result, result)
      if b.shiftedRight(by: bit).limbs.0 & 1 == 1 { result = sum(result, a) }
    }
    return result
  }

  func power(_ base: UInt256, _ exponent: UInt256) -> UInt256 {
    var result = UInt256(1)
    for bit in stride(from: exponent.bitWidth - 1, through: 0, by: -1) {
      result = product(result, result)
      if exponent.shiftedRight(by: bit).limbs.0 & 1 == 1 { result = product(result, base) }
    }
    return result
  }
}

extension UInt256 {
  init(_ element: FieldElement) { self.init(limbs: element.limbs) }

  static func random(using generator: inout SplitMix64) -> UInt256 {
    UInt256(limbs: (generator.next(), generator.next(), generator.next(), generator.next()))
  }

  var hash: Hash32 { Hash32(bigEndianLimbs: limbs) }
}
