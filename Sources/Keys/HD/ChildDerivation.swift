/// How the public keys of many children are computed. Both give the same keys.
package enum ChildDerivation: String, Sendable, CaseIterable {
  /// Many at once, by `CurvePoints`; few by libsecp256k1, too.
  case batched
  /// One by one, by libsecp256k1.
  case libsecp256k1

  /// For fewer, the table of multiples would cost more than it saves.
  private static let smallestBatch = 256

  func isBatched(_ count: Int) -> Bool { self == .batched && count >= Self.smallestBatch }

  /// What is derived at each of `indexes`, one by one; nil where BIP-0032 skips one.
  static func each<Derived>(
    _ indexes: Range<UInt32>, _ derive: (UInt32) throws(DerivationError) -> Derived
  ) throws(DerivationError) -> [Derived?] {
    var derived: [Derived?] = []
    derived.reserveCapacity(indexes.count)
    for index in indexes {
      do {
        derived.append(try derive(index))
      } catch .skipIndex {
        derived.append(nil)
      }
    }
    return derived
  }
}
