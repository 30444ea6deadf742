package import Bytes

extension CurvePoint {
  /// Each point plus its tweak (a number, most significant byte first) times G, as BIP-0032 and
  /// BIP-0341 derive keys; nil where the tweak isn't below the group's order or it is infinity:
  /// then there is no such key.
  ///
  /// For public keys only: the time it takes tells about points and tweaks. There must be as many
  /// tweaks as points.
  package static func adding(
    _ tweaks: Span<Hash32>, to points: Span<CurvePoint>
  ) -> [CurvePoint?] {
    precondition(tweaks.count == points.count, "each point has a tweak")
    var sums: [CurvePoint?] = []
    sums.reserveCapacity(points.count)
    var start = 0
    while start < points.count {
      let end = min(start + batchSize, points.count)
      append(tweaks.extracting(start..<end), points.extracting(start..<end), to: &sums)
      start = end
    }
    return sums
  }

  /// More need fewer inversions, and fewer stay in the nearer caches.
  private static let batchSize = 1_024

  private static func append(
    _ tweaks: Span<Hash32>, _ points: Span<CurvePoint>, to sums: inout [CurvePoint?]
  ) {
    let table = GeneratorTable.shared.points
    let digits = tweaks.indices.map { SignedDigits(tweaks[$0]) }
    var batch = points.withUnsafeBufferPointer { PointBatch($0) }
    for place in 0..<SignedDigits.count {
      for index in digits.indices {
        batch.choose(
          digits[index].map { Multiple(digit: $0.digit(place), place: place) } ?? .infinity,
          at: index)
      }
      batch.add(from: table)
    }
    for index in digits.indices { sums.append(digits[index] == nil ? nil : batch[index]) }
  }
}
