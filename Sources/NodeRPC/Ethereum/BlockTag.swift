package import ChainTypes

/// A block that a node names by itself.
package enum BlockTag: String, Sendable, CaseIterable {
  /// The head of its active chain.
  case latest
  /// See `FinalityTag`.
  case safe
  case finalized

  package init(_ tag: FinalityTag) {
    switch tag {
    case .safe: self = .safe
    case .finalized: self = .finalized
    }
  }
}
