package import Bytes
internal import CSecp256k1
internal import Digests

/// A point of secp256k1 other than infinity.
package struct PublicKey: Sendable {
  let point: secp256k1_pubkey

  package enum ParsingError: Error, Equatable {
    /// A key is 33 bytes (compressed) or 65 (uncompressed).
    case wrongLength(bytes: Int)
    /// The first byte must be 02 or 03 for 33 bytes and 04 for 65. Hybrid keys (06, 07) aren't
    /// accepted.
    case wrongForm(UInt8)
    /// The curve has no such point.
    case notOnCurve
  }

  init(point: secp256k1_pubkey) { self.point = point }

  /// From 33 or 65 bytes (SEC 1, section 2.3.3).
  package init(_ bytes: RawSpan) throws(ParsingError) {
    let count = bytes.byteCount
    guard count == 33 || count == 65 else { throw .wrongLength(bytes: count) }
    let form = bytes.unsafeLoad(fromUncheckedByteOffset: 0, as: UInt8.self)
    guard count == 33 ? form == 2 || form == 3 : form == 4 else { throw .wrongForm(form) }
    var point = secp256k1_pubkey()
    let isValid = bytes.withUnsafeBytes {
      secp256k1_ec_pubkey_parse(Secp256k1.context, &point, $0.bytes(count), count) == 1
    }
    guard isValid else { throw .notOnCurve }
    self.point = point
  }

  package init(_ bytes: [UInt8]) throws(ParsingError) {
    try self.init(bytes.span.bytes)
  }

  /// 33 bytes: 02 or 03 by the parity of y, then x, most significant byte first.
  package var compressed: [UInt8] {
    let bytes = compressedBytes
    return (0..<33).map { bytes[$0] }
  }

  /// 65 bytes: 04, x and y.
  package var uncompressed: [UInt8] {
    var copy = point
    var count = 65
    // The buffer has room for 65 bytes, and so an address; at most `count` of them are written.
    return [UInt8](unsafeUninitializedCapacity: 65) { buffer, initializedCount in
      _ = secp256k1_ec_pubkey_serialize(
        Secp256k1.context, buffer.baseAddress!, &count, &copy,
        UInt32(SECP256K1_EC_UNCOMPRESSED))
      initializedCount = count
    }
  }

  /// The compressed form without a heap array.
  var compressedBytes: InlineArray<33, UInt8> {
    var copy = point
    var bytes = InlineArray<33, UInt8>(repeating: 0)
    withUnsafeMutableBytes(of: &bytes) {
      var count = 33
      _ = secp256k1_ec_pubkey_serialize(
        Secp256k1.context, $0.bytes(33), &count, &copy, UInt32(SECP256K1_EC_COMPRESSED))
    }
    return bytes
  }

  /// HASH160 of the compressed key, as P2PKH and P2WPKH have it.
  package var hash160: Hash20 {
    let bytes = compressedBytes
    return HASH160.hash(bytes.span.bytes)
  }

  /// The x coordinate alone (BIP-0340).
  package var xOnly: XOnlyPublicKey {
    var copy = point
    var key = secp256k1_xonly_pubkey()
    _ = secp256k1_xonly_pubkey_from_pubkey(Secp256k1.context, &key, nil, &copy)
    return XOnlyPublicKey(key: key)
  }

  /// The sum of this point and `tweak` (big-endian) times the generator; nil where `tweak` isn't
  /// below the group's order or the sum is infinity.
  package func adding(tweak: Hash32) -> PublicKey? {
    var sum = point
    let isValid = tweak.withUnsafeBytes {
      secp256k1_ec_pubkey_tweak_add(Secp256k1.context, &sum, $0.bytes(32)) == 1
    }
    return isValid ? PublicKey(point: sum) : nil
  }
}

extension PublicKey: Hashable {
  package static func == (a: PublicKey, b: PublicKey) -> Bool { a.compressed == b.compressed }

  package func hash(into hasher: inout Hasher) { hasher.combine(compressed) }
}

extension PublicKey: CustomStringConvertible {
  package var description: String { Hex.encode(compressed) }
}
