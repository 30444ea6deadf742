internal import Addresses
internal import Bytes
internal import CurvePoints
internal import Digests

extension PublicKey {
  /// The key's coordinates.
  var curvePoint: CurvePoint {
    let bytes = uncompressed
    guard
      let point = CurvePoint(
        x: Hash32(bytes: bytes.span.bytes, at: 1), y: Hash32(bytes: bytes.span.bytes, at: 33))
    else { preconditionFailure("libsecp256k1 holds points of the curve only") }
    return point
  }
}

extension CurvePoint {
  /// HASH160 of the compressed key: 02 or 03 by the parity of y, then x.
  var hash160: Hash20 {
    var bytes = InlineArray<33, UInt8>(repeating: hasOddY ? 3 : 2)
    let x = xBytes
    // 32 bytes behind the first one.
    withUnsafeMutableBytes(of: &bytes) { target in
      x.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(rebasing: target[1...]).copyMemory(from: $0)
      }
    }
    return HASH160.hash(bytes.span.bytes)
  }
}

extension EthereumAddress {
  /// The account of a key's coordinates.
  init(_ point: CurvePoint) {
    let coordinates = (point.xBytes, point.yBytes)
    // Two Hash32 are 64 contiguous bytes.
    let digest = withUnsafeBytes(of: coordinates) { Keccak256.hash($0.bytes) }
    self.init(digest.withUnsafeBytes { Hash20(bytes: $0.bytes, at: 12) })
  }
}
