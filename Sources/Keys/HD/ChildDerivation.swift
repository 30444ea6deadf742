/// How the public keys of many children are computed. Both give the same keys.
package enum ChildDerivation: String, Sendable, CaseIterable {
  /// Many at once, by `CurvePoints`; few by libsecp256k1, too.
  case batched
  /// One by one, by libsecp256k1.
  case libsecp256k1

  /// For fewer, the table of multiples would cost more than it saves.
  private static let smallestBatch = 256

  /// How many are on their way at once: what they need on it stays in the processor's caches.
  private static let batch: UInt32 = 1_024

  /// What is derived at each of `indexes`, in their order; nil where BIP-0032 skips one.
  ///
  /// - Parameters:
  ///   - one: at one index; throws `skipIndex`
  ///   - many: at all of a range
  func derive<Derived>(
    _ indexes: Range<UInt32>, one: (UInt32) throws(DerivationError) -> Derived,
    many: (Range<UInt32>) throws(DerivationError) -> [Derived?]
  ) throws(DerivationError) -> [Derived?] {
    var derived: [Derived?] = []
    derived.reserveCapacity(indexes.count)
    guard self == .libsecp256k1 || indexes.count < Self.smallestBatch else {
      var start = indexes.lowerBound
      while start < indexes.upperBound {
        let end = start + min(Self.batch, indexes.upperBound - start)
        derived += try many(start..<end)
        start = end
      }
      return derived
    }
    for index in indexes {
      do {
        derived.append(try one(index))
      } catch .skipIndex {
        derived.append(nil)
      }
    }
    return derived
  }
}
