package import ChainTypes

/// What all transactions of a batch have in common.
package struct BatchHeading: Hashable, Sendable {
  package var chain: ChainName
  /// EIP-155's number on EVM chains; nil on Bitcoin.
  package var chainID: UInt64?
  /// Whose money it is.
  package var tenant: String
  package var createdAt: Timestamp

  package init(chain: ChainName, chainID: UInt64?, tenant: String, createdAt: Timestamp) {
    self.chain = chain
    self.chainID = chainID
    self.tenant = tenant
    self.createdAt = createdAt
  }
}
