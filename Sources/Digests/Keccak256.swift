package import Bytes

/// Keccak-256 with the original padding (0x01), as Ethereum uses it; FIPS 202's SHA3-256 pads
/// otherwise and gives other digests.
///
/// 1600 bits of state, 1088 of them the rate: 136 bytes a block.
package enum Keccak256 {
  static let rateByteCount = 136

  package static func hash(_ bytes: RawSpan) -> Hash32 {
    var state = KeccakState()
    var offset = 0
    while bytes.byteCount &- offset >= rateByteCount {
      // 136 bytes remain from `offset` on.
      state.absorb(uncheckedBlock: bytes, at: offset)
      state.permute()
      offset &+= rateByteCount
    }
    let last = lastBlock(of: bytes.extracting(offset..<bytes.byteCount))
    state.absorb(uncheckedBlock: last.span.bytes, at: 0)
    state.permute()
    return state.digest
  }

  package static func hash(_ bytes: [UInt8]) -> Hash32 { hash(bytes.span.bytes) }

  /// What a message ends with that doesn't fill a block, and the padding.
  @inline(__always)
  static func lastBlock(of rest: RawSpan) -> InlineArray<136, UInt8> {
    precondition(rest.byteCount < rateByteCount, "a byte of padding must fit")
    var last = InlineArray<136, UInt8>(repeating: 0)
    rest.withUnsafeBytes { source in
      var span = last.mutableSpan
      span.withUnsafeMutableBytes { $0.copyMemory(from: source) }
    }
    last[rest.byteCount] = 0x01
    last[rateByteCount - 1] |= 0x80
    return last
  }
}
