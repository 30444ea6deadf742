internal import Bytes
internal import CKeccak

/// Eight states of Keccak-f[1600] side by side, which are permuted at once: for many messages, as
/// one message's blocks must wait for each other.
///
/// The states in use are the first ones. `KeccakState` says the same of a single one, and tests
/// hold them against each other. Bench: `Keccak-256 of many messages`.
struct KeccakStates {
  static let capacity = 8

  /// Bits in a vector: what the processor has, or less.
  let vectorWidth: Int
  /// Lane l of state s stands at 8·l + s.
  private var words = InlineArray<200, UInt64>(repeating: 0)

  /// Of the widest vectors of this processor: 128, 256 or 512.
  static let widestVectors = Int(ckeccak_widest())

  init(vectorWidth: Int = widestVectors) {
    precondition(vectorWidth <= Self.widestVectors, "the processor must have such vectors")
    self.vectorWidth = vectorWidth
  }

  /// Takes the 17 lanes of a block of 136 bytes into one of the states.
  ///
  /// The caller has checked that they lie inside `bytes`.
  @inline(__always)
  mutating func absorb(uncheckedBlock bytes: RawSpan, at offset: Int, into state: Int) {
    precondition(offset >= 0 && bytes.byteCount &- offset >= 136, "136 bytes must remain")
    precondition(state >= 0 && state < Self.capacity, "there are eight states")
    for lane in 0..<17 {
      // 8·17 bytes remain from `offset` on, and 8·lane + state < 200.
      words[unchecked: 8 &* lane &+ state] ^= UInt64(
        littleEndian: bytes.unsafeLoadUnaligned(
          fromUncheckedByteOffset: offset &+ 8 &* lane, as: UInt64.self))
    }
  }

  /// All 24 rounds on the first `count` states.
  mutating func permute(first count: Int) {
    let width = Int32(vectorWidth)
    var span = words.mutableSpan
    span.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      // 200 words, which is what it reads and writes; it has vectors of that width.
      ckeccak_permute(base, Int32(truncatingIfNeeded: count), width)
    }
  }

  /// The first 32 bytes of a state.
  @inline(__always)
  func digest(of state: Int) -> Hash32 {
    var digest = Hash32()
    digest.words = (
      words[state].littleEndian, words[8 + state].littleEndian, words[16 + state].littleEndian,
      words[24 + state].littleEndian
    )
    return digest
  }

  /// Begins a message.
  @inline(__always)
  mutating func clear(_ state: Int) {
    for lane in 0..<25 { words[8 &* lane &+ state] = 0 }
  }

  @inline(__always)
  mutating func copy(_ source: Int, to target: Int) {
    for lane in 0..<25 { words[8 &* lane &+ target] = words[8 &* lane &+ source] }
  }
}
