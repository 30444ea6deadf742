package import Bytes

/// What makes a transfer the same transfer wherever it stands: its network, its transaction and
/// its place in that. The block is an attribute, because a reorg changes it.
package struct TransferID: Hashable, Sendable, CustomStringConvertible {
  package let chain: ChainName
  /// Internal byte order on Bitcoin.
  package let txid: Hash32
  package let position: Position

  /// Where in a transaction value moves.
  package enum Position: Hashable, Sendable {
    /// A Bitcoin output's index.
    case vout(UInt32)
  }

  package init(chain: ChainName, txid: Hash32, position: Position) {
    self.chain = chain
    self.txid = txid
    self.position = position
  }

  /// `chain/txid/position`, with the txid in display order: the subject of `transfer.*` events.
  package var description: String {
    switch position {
    case .vout(let vout): "\(chain)/\(txid.displayHex)/\(vout)"
    }
  }
}
