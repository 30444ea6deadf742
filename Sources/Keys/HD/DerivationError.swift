/// Why a key has no child at a place.
package enum DerivationError: Error, Equatable {
  /// Hardened children need the private key.
  case hardenedFromPublicKey(ChildNumber)
  /// Indexes end at 2³¹ − 1: the account or branch is used up. It never starts again from 0.
  case indexExhausted(UInt32)
  /// The index has no key, with a chance below 1 in 2¹²⁷ (BIP-0032: the left half isn't below the
  /// group's order, or the sum is infinity). Go on with the next one.
  case skipIndex(UInt32)
  /// A key at depth 255 has no children.
  case depthExhausted
  /// The descriptor describes one output, not a range of them.
  case notRanged(index: UInt32)
}
