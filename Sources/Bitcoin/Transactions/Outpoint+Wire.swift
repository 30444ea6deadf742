internal import Bytes
package import ChainTypes

// An outpoint on the wire is 36 bytes: the txid in internal byte order and the output's number,
// little-endian.
extension Outpoint {
  static let byteCount = 36

  /// What a coinbase's only input names: txid zero and vout 2^32 − 1.
  package static let null = Outpoint(txid: .zero, vout: .max)

  package var isNull: Bool { vout == .max && txid == .zero }

  /// From the 36 bytes.
  init(wire bytes: RawSpan) {
    precondition(bytes.byteCount == Self.byteCount, "an outpoint is 36 bytes")
    let vout = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 32, as: UInt32.self)
    self.init(txid: Hash32(bytes: bytes, at: 0), vout: UInt32(littleEndian: vout))
  }

  /// Whether the 36 bytes are `null`.
  static func isNull(wire bytes: RawSpan) -> Bool {
    precondition(bytes.byteCount == byteCount, "an outpoint is 36 bytes")
    // All five loads lie inside the 36 bytes. Hardly any outpoint gets past the first.
    guard bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 32, as: UInt32.self) == .max else {
      return false
    }
    let a = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt64.self)
    let b = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 8, as: UInt64.self)
    let c = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 16, as: UInt64.self)
    let d = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 24, as: UInt64.self)
    return a | b | c | d == 0
  }
}
