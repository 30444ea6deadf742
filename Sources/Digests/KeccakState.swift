internal import Bytes

/// The 25 lanes of Keccak-f[1600], each a variable of its own so that they stay in registers.
///
/// Lane `aXY` of the Keccak reference (column x, row y) stands at byte 8·(x + 5·y). The rounds are
/// written out: θ, then ρ and π together, then χ and ι (keccak.team, "The Keccak reference" 1.2).
struct KeccakState {
  private var a00: UInt64 = 0, a10: UInt64 = 0, a20: UInt64 = 0, a30: UInt64 = 0, a40: UInt64 = 0
  private var a01: UInt64 = 0, a11: UInt64 = 0, a21: UInt64 = 0, a31: UInt64 = 0, a41: UInt64 = 0
  private var a02: UInt64 = 0, a12: UInt64 = 0, a22: UInt64 = 0, a32: UInt64 = 0, a42: UInt64 = 0
  private var a03: UInt64 = 0, a13: UInt64 = 0, a23: UInt64 = 0, a33: UInt64 = 0, a43: UInt64 = 0
  private var a04: UInt64 = 0, a14: UInt64 = 0, a24: UInt64 = 0, a34: UInt64 = 0, a44: UInt64 = 0

  /// Takes in the 17 lanes of a block of 136 bytes.
  ///
  /// The caller has checked that they lie inside `bytes`.
  @inline(__always)
  mutating func absorb(uncheckedBlock bytes: RawSpan, at offset: Int) {
    precondition(offset >= 0 && bytes.byteCount &- offset >= 136, "136 bytes must remain")
    @inline(__always) func lane(_ index: Int) -> UInt64 {
      UInt64(
        littleEndian: bytes.unsafeLoadUnaligned(
          fromUncheckedByteOffset: offset &+ 8 &* index, as: UInt64.self))
    }
    a00 ^= lane(0)
    a10 ^= lane(1)
    a20 ^= lane(2)
    a30 ^= lane(3)
    a40 ^= lane(4)
    a01 ^= lane(5)
    a11 ^= lane(6)
    a21 ^= lane(7)
    a31 ^= lane(8)
    a41 ^= lane(9)
    a02 ^= lane(10)
    a12 ^= lane(11)
    a22 ^= lane(12)
    a32 ^= lane(13)
    a42 ^= lane(14)
    a03 ^= lane(15)
    a13 ^= lane(16)
  }

  /// The first 32 bytes.
  var digest: Hash32 {
    var digest = Hash32()
    digest.words = (
      a00.littleEndian, a10.littleEndian, a20.littleEndian, a30.littleEndian
    )
    return digest
  }

  /// All 24 rounds.
  mutating func permute() {
    for index in 0..<24 { round(Self.roundConstants[index]) }
  }

  private static let roundConstants: InlineArray<24, UInt64> = [
    0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808a,
    0x8000_0000_8000_8000, 0x0000_0000_0000_808b, 0x0000_0000_8000_0001,
    0x8000_0000_8000_8081, 0x8000_0000_0000_8009, 0x0000_0000_0000_008a,
    0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000a,
    0x0000_0000_8000_808b, 0x8000_0000_0000_008b, 0x8000_0000_0000_8089,
    0x8000_0000_0000_8003, 0x8000_0000_0000_8002, 0x8000_0000_0000_0080,
    0x0000_0000_0000_800a, 0x8000_0000_8000_000a, 0x8000_0000_8000_8081,
    0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
  ]

  @inline(__always)
  private mutating func round(_ constant: UInt64) {
    let c0 = a00 ^ a01 ^ a02 ^ a03 ^ a04
    let c1 = a10 ^ a11 ^ a12 ^ a13 ^ a14
    let c2 = a20 ^ a21 ^ a22 ^ a23 ^ a24
    let c3 = a30 ^ a31 ^ a32 ^ a33 ^ a34
    let c4 = a40 ^ a41 ^ a42 ^ a43 ^ a44
    let d0 = c4 ^ rotate(c1, 1)
    let d1 = c0 ^ rotate(c2, 1)
    let d2 = c1 ^ rotate(c3, 1)
    let d3 = c2 ^ rotate(c4, 1)
    let d4 = c3 ^ rotate(c0, 1)
    let b00 = a00 ^ d0
    let b02 = rotate(a10 ^ d1, 1)
    let b04 = rotate(a20 ^ d2, 62)
    let b01 = rotate(a30 ^ d3, 28)
    let b03 = rotate(a40 ^ d4, 27)
    let b13 = rotate(a01 ^ d0, 36)
    let b10 = rotate(a11 ^ d1, 44)
    let b12 = rotate(a21 ^ d2, 6)
    let b14 = rotate(a31 ^ d3, 55)
    let b11 = rotate(a41 ^ d4, 20)
    let b21 = rotate(a02 ^ d0, 3)
    let b23 = rotate(a12 ^ d1, 10)
    let b20 = rotate(a22 ^ d2, 43)
    let b22 = rotate(a32 ^ d3, 25)
    let b24 = rotate(a42 ^ d4, 39)
    let b34 = rotate(a03 ^ d0, 41)
    let b31 = rotate(a13 ^ d1, 45)
    let b33 = rotate(a23 ^ d2, 15)
    let b30 = rotate(a33 ^ d3, 21)
    let b32 = rotate(a43 ^ d4, 8)
    let b42 = rotate(a04 ^ d0, 18)
    let b44 = rotate(a14 ^ d1, 2)
    let b41 = rotate(a24 ^ d2, 61)
    let b43 = rotate(a34 ^ d3, 56)
    let b40 = rotate(a44 ^ d4, 14)
    a00 = b00 ^ (~b10 & b20)
    a10 = b10 ^ (~b20 & b30)
    a20 = b20 ^ (~b30 & b40)
    a30 = b30 ^ (~b40 & b00)
    a40 = b40 ^ (~b00 & b10)
    a01 = b01 ^ (~b11 & b21)
    a11 = b11 ^ (~b21 & b31)
    a21 = b21 ^ (~b31 & b41)
    a31 = b31 ^ (~b41 & b01)
    a41 = b41 ^ (~b01 & b11)
    a02 = b02 ^ (~b12 & b22)
    a12 = b12 ^ (~b22 & b32)
    a22 = b22 ^ (~b32 & b42)
    a32 = b32 ^ (~b42 & b02)
    a42 = b42 ^ (~b02 & b12)
    a03 = b03 ^ (~b13 & b23)
    a13 = b13 ^ (~b23 & b33)
    a23 = b23 ^ (~b33 & b43)
    a33 = b33 ^ (~b43 & b03)
    a43 = b43 ^ (~b03 & b13)
    a04 = b04 ^ (~b14 & b24)
    a14 = b14 ^ (~b24 & b34)
    a24 = b24 ^ (~b34 & b44)
    a34 = b34 ^ (~b44 & b04)
    a44 = b44 ^ (~b04 & b14)
    a00 ^= constant
  }

  @inline(__always)
  private func rotate(_ lane: UInt64, _ count: UInt64) -> UInt64 {
    lane &<< count | lane &>> (64 &- count)
  }
}
