package import Bytes

/// What became of a block that was handed to a node.
package enum BlockAcceptance: Hashable, Sendable {
  /// It is in the active chain now.
  case connected
  /// It is sound as far as was checked, but another branch has as much work or more.
  case sideBranch
  case known
  case missingParent(Hash32)
  /// The rule it breaks, in Bitcoin Core's words.
  case invalid(String)
}
