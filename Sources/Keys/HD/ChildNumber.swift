/// A step of a derivation path (BIP-0032): an index below 2³¹, hardened or not.
package struct ChildNumber: Hashable, Sendable {
  package let index: UInt32
  package let isHardened: Bool

  /// The first number that is no index: the space of 2³¹ indexes ends below it.
  package static let indexEnd: UInt32 = 1 << 31

  /// Nil where `index` isn't below 2³¹.
  package init?(_ index: UInt32, hardened: Bool = false) {
    guard index < Self.indexEnd else { return nil }
    self.index = index
    isHardened = hardened
  }

  /// As it stands in an extended key: hardened steps have the highest bit set.
  package init(rawValue: UInt32) {
    index = rawValue & ~Self.indexEnd
    isHardened = rawValue >= Self.indexEnd
  }

  package var rawValue: UInt32 { isHardened ? index | Self.indexEnd : index }
}

extension ChildNumber: CustomStringConvertible {
  package var description: String { isHardened ? "\(index)h" : "\(index)" }
}
