internal import Addresses
internal import Bytes
internal import CurvePoints
internal import Digests

// Many children at once: one HMAC each, and then all points in one batch.
extension PublicChildDeriver {
  /// The points of the children's keys in the order of `indexes`; nil where BIP-0032 skips one.
  func points(at indexes: Range<UInt32>) throws(DerivationError) -> [CurvePoint?] {
    guard indexes.upperBound <= ChildNumber.indexEnd else {
      throw .indexExhausted(indexes.upperBound - 1)
    }
    let tweaks = indexes.map { code(at: $0).left }
    let parents = [CurvePoint](repeating: parent.curvePoint, count: indexes.count)
    return CurvePoint.adding(tweaks.span, to: parents.span)
  }
}

extension SingleKeyScript {
  /// The outputs of compressed keys; nil where there is no key, or it can't be tweaked.
  func outputs(of points: [CurvePoint?]) -> [OutputScript?] {
    switch self {
    case .pkh: return points.map { $0.map { .p2pkh($0.hash160) } }
    case .shWpkh: return points.map { $0.map { .p2sh(p2wpkh: $0.hash160) } }
    case .wpkh: return points.map { $0.map { .p2wpkh($0.hash160) } }
    case .tr:
      // Where there is no key anything may be tweaked in its place.
      let keys = points.map { ($0 ?? .generator).withEvenY }
      let tweaks = keys.map { XOnlyPublicKey.tapTweak(of: $0.xBytes, merkleRoot: nil) }
      let tweaked = CurvePoint.adding(tweaks.span, to: keys.span)
      return zip(points, tweaked).map { point, output in
        point == nil ? nil : output.map { .p2tr($0.xBytes) }
      }
    }
  }
}
