package import ChainTypes

/// A chain of a family that nothing here watches yet.
package struct NoWatcher: Error, Equatable, CustomStringConvertible {
  package let chain: ChainName

  package var description: String {
    "chain \(chain): EVM chains can be configured, but not watched yet: take it out of chains"
  }
}
