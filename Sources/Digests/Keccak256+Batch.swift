package import Bytes

// Many messages at once.
extension Keccak256 {
  /// The digests of parts of `bytes`, in the parts' order.
  ///
  /// Where there are several, they are hashed side by side, which is up to eight times as fast as
  /// one after the other. The parts may have any lengths and may overlap.
  package static func hashes(of parts: [Range<Int>], in bytes: RawSpan) -> [Hash32] {
    hashes(of: parts, in: bytes, vectorWidth: KeccakStates.widestVectors)
  }

  package static func hashes(of parts: [Range<Int>], in bytes: [UInt8]) -> [Hash32] {
    hashes(of: parts, in: bytes.span.bytes)
  }

  static func hashes(
    of parts: [Range<Int>], in bytes: RawSpan, vectorWidth: Int
  ) -> [Hash32] {
    var digests = [Hash32](repeating: Hash32(), count: parts.count)
    var sponges = KeccakStates(vectorWidth: vectorWidth)
    // Which part each state is for, and where its next block begins.
    var messages = InlineArray<8, (part: Int, offset: Int)>(repeating: (0, 0))
    var (active, next) = (0, 0)
    // The longest first: so that none is left over that goes on alone.
    let order = longestFirst(parts)
    while active > 0 || next < order.count {
      while active < KeccakStates.capacity, next < order.count {
        let part = order[next]
        messages[active] = (part, parts[part].lowerBound)
        sponges.clear(active)
        active += 1
        next += 1
      }
      var finished: UInt8 = 0
      for state in 0..<active {
        let (part, offset) = messages[state]
        let end = parts[part].upperBound
        if end &- offset >= rateByteCount {
          sponges.absorb(uncheckedBlock: bytes.extracting(offset..<end), at: 0, into: state)
          messages[state].offset = offset &+ rateByteCount
        } else {
          let last = lastBlock(of: bytes.extracting(offset..<end))
          sponges.absorb(uncheckedBlock: last.span.bytes, at: 0, into: state)
          finished |= 1 &<< UInt8(state)
        }
      }
      sponges.permute(first: active)
      // From behind, so that whatever takes a finished one's place isn't finished itself.
      for state in (0..<active).reversed() where finished & 1 &<< UInt8(state) != 0 {
        digests[messages[state].part] = sponges.digest(of: state)
        active -= 1
        if state < active {
          sponges.copy(active, to: state)
          messages[state] = messages[active]
        }
      }
    }
    return digests
  }

  /// The parts' indices: those above the average by length, so that the order is right where it
  /// matters, and then the others.
  private static func longestFirst(_ parts: [Range<Int>]) -> [Int] {
    guard parts.count > KeccakStates.capacity else { return Array(parts.indices) }
    precondition(parts.count <= UInt32.max, "as many digests would need 128 GiB")
    let mean = parts.reduce(0) { $0 &+ $1.count } / parts.count
    // Lengths above, indices below, as sorting single words is faster.
    var long: [UInt64] = []
    var order: [Int] = []
    order.reserveCapacity(parts.count)
    for (index, part) in parts.enumerated() where part.count > mean {
      long.append(UInt64(UInt32(clamping: part.count)) << 32 | UInt64(index))
    }
    long.sort(by: >)
    for key in long { order.append(Int(UInt32(truncatingIfNeeded: key))) }
    for (index, part) in parts.enumerated() where part.count <= mean { order.append(index) }
    return order
  }
}
