package import Bytes

/// What makes a transfer the same transfer wherever it stands: its network, its transaction and
/// its place in that. The block is an attribute, because a reorg changes it.
package struct TransferID: Hashable, Sendable, CustomStringConvertible {
  package let chain: ChainName
  /// Internal byte order on Bitcoin.
  package let txid: Hash32
  package let position: TransferPosition

  package typealias Position = TransferPosition

  package init(chain: ChainName, txid: Hash32, position: Position) {
    self.chain = chain
    self.txid = txid
    self.position = position
  }

  /// The txid as people write it on this chain.
  package var txidText: String { txid.text(position.hashForm) }

  /// `chain/txid/position`, with the txid as people write it: the subject of `transfer.*` events.
  package var description: String { "\(chain)/\(txidText)/\(position)" }

  /// From its description, in exactly that form; nil otherwise.
  package init?(_ description: some StringProtocol) {
    let parts = description.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, let chain = ChainName(String(parts[0])),
      let txid = try? Hash32(text: String(parts[1])), let position = TransferPosition(parts[2])
    else { return nil }
    self.init(chain: chain, txid: txid, position: position)
    guard self.description == description else { return nil }
  }
}
