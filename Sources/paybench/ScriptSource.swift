/// Scripts that look like a shop's: of ten, seven P2WPKH, one P2TR, one P2SH and one P2PKH, with
/// hashes from SplitMix64 (Steele, Lea and Flood, 2014), so that any of them can be made again.
struct ScriptSource {
  let seed: UInt64

  func script(_ index: Int) -> [UInt8] {
    let hash = (0..<4).map { word(UInt64(truncatingIfNeeded: index) &* 4 &+ $0) }
    let bytes = hash.flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
    }
    switch index % 10 {
    case 7: return [0x51, 0x20] + bytes
    case 8: return [0xa9, 0x14] + bytes[..<20] + [0x87]
    case 9: return [0x76, 0xa9, 0x14] + bytes[..<20] + [0x88, 0xac]
    default: return [0x00, 0x14] + bytes[..<20]
    }
  }

  private func word(_ place: UInt64) -> UInt64 {
    var z = seed &* 0x2545_f491_4f6c_dd1d &+ (place &+ 1) &* 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
