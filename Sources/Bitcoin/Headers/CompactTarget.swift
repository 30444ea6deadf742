package import Bytes

/// A proof-of-work target in the four bytes of a header's nBits: a base-256 floating-point number
/// with the exponent in the top byte, a sign in bit 23 and 23 bits of mantissa.
///
/// Rules of Bitcoin Core's `arith_uint256::SetCompact` and `GetCompact`.
package struct CompactTarget: Hashable, Sendable {
  package let bits: UInt32

  /// Why four bytes aren't a target.
  package enum Failure: Error, Hashable, Sendable {
    case negative(UInt32)
    case overflow(UInt32)
    case zero(UInt32)
  }

  package init(_ bits: UInt32) { self.bits = bits }

  /// The nearest compact form that isn't above `target`.
  package init(_ target: UInt256) {
    var size = UInt32((target.bitWidth + 7) / 8)
    var mantissa =
      size <= 3
      ? target.limbs.0 << UInt64(8 * (3 - size))
      : target.shiftedRight(by: Int(8 * (size - 3))).limbs.0
    // Bit 23 is the sign: where the mantissa would set it, it moves down a byte.
    if mantissa & 0x0080_0000 != 0 {
      mantissa >>= 8
      size += 1
    }
    bits = UInt32(truncatingIfNeeded: mantissa) | size << 24
  }

  /// The target as a number: a block's hash, read little-endian, may not exceed it.
  package var target: UInt256 {
    get throws(Failure) {
      let size = bits >> 24
      var mantissa = bits & 0x007f_ffff
      if size <= 3 { mantissa >>= 8 * (3 - size) }
      guard mantissa != 0 else { throw .zero(bits) }
      guard bits & 0x0080_0000 == 0 else { throw .negative(bits) }
      let overflows =
        size > 34 || (mantissa > 0xff && size > 33) || (mantissa > 0xffff && size > 32)
      guard !overflows else { throw .overflow(bits) }
      let value = UInt256(UInt64(mantissa))
      // The size is at most 34 here, so the shift is at most 248 bits and nothing is lost.
      return size <= 3 ? value : value.shiftedLeft(by: Int(8 * (size - 3)))
    }
  }

  /// How many hashes a block of this target takes on average: 2^256 / (target + 1).
  ///
  /// A long division of some microseconds: over many headers, remember it for each `bits`.
  package var work: UInt256 {
    get throws(Failure) {
      let target = try self.target
      // 2^256 doesn't fit: 2^256 / (t + 1) = (2^256 − t − 1) / (t + 1) + 1, and ~t = 2^256 − 1 − t.
      // A compact target has at most 24 significant bits, so t + 1 fits and isn't zero.
      let divisor = target.addingReportingOverflow(.one).sum
      guard let quotient = try? target.complement.divided(by: divisor).quotient else {
        throw .overflow(bits)
      }
      return quotient.addingReportingOverflow(.one).sum
    }
  }
}
