package import ChainTypes

/// What is asked of a chain is there for another family only.
package struct OtherFamily: Error, Equatable, CustomStringConvertible {
  package let chain: ChainName
  /// `Bitcoin`, `EVM`.
  package let wanted: String

  package var description: String { "chain \(chain): it isn't there for other than \(wanted) chains" }
}
