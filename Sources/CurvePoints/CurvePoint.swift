package import Bytes

/// A point of secp256k1 other than infinity, by its coordinates: y² = x³ + 7 (SEC 2, 2.4.1).
package struct CurvePoint: Hashable, Sendable {
  var x: FieldElement
  var y: FieldElement

  @inline(__always)
  init(x: FieldElement, y: FieldElement) {
    self.x = x
    self.y = y
  }

  /// From both coordinates, most significant byte first. Nil where the curve has no such point.
  package init?(x: Hash32, y: Hash32) {
    guard let x = FieldElement(limbs: x.bigEndianLimbs),
      let y = FieldElement(limbs: y.bigEndianLimbs),
      y * y == x * x * x + FieldElement(7)
    else { return nil }
    self.init(x: x, y: y)
  }

  /// G, of which all public keys are multiples (SEC 2, 2.4.1).
  package static let generator = CurvePoint(
    x: FieldElement(
      reduced: (
        0x59f2_815b_16f8_1798, 0x029b_fcdb_2dce_28d9, 0x55a0_6295_ce87_0b07, 0x79be_667e_f9dc_bbac
      )),
    y: FieldElement(
      reduced: (
        0x9c47_d08f_fb10_d4b8, 0xfd17_b448_a685_5419, 0x5da4_fbfc_0e11_08a8, 0x483a_da77_26a3_c465
      )))

  /// The x coordinate, most significant byte first.
  package var xBytes: Hash32 { Hash32(bigEndianLimbs: x.limbs) }

  /// The y coordinate, most significant byte first.
  package var yBytes: Hash32 { Hash32(bigEndianLimbs: y.limbs) }

  package var hasOddY: Bool { y.isOdd }

  /// The point with this x whose y is even (BIP-0340's `lift_x`).
  package var withEvenY: CurvePoint { CurvePoint(x: x, y: y.negated(if: y.isOdd)) }
}

extension Hash32 {
  /// The number that the bytes are, most significant first, in limbs of 64 bits, least significant
  /// first.
  @inline(__always)
  var bigEndianLimbs: (UInt64, UInt64, UInt64, UInt64) {
    (
      UInt64(bigEndian: words.3), UInt64(bigEndian: words.2),
      UInt64(bigEndian: words.1), UInt64(bigEndian: words.0)
    )
  }

  @inline(__always)
  init(bigEndianLimbs limbs: (UInt64, UInt64, UInt64, UInt64)) {
    self.init()
    words = (limbs.3.bigEndian, limbs.2.bigEndian, limbs.1.bigEndian, limbs.0.bigEndian)
  }
}
