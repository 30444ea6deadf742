package import Bytes

/// An output of a Bitcoin transaction: its txid (internal byte order) and its place in it.
package struct Outpoint: Hashable, Sendable, CustomStringConvertible {
  package let txid: Hash32
  package let vout: UInt32

  package init(txid: Hash32, vout: UInt32) {
    self.txid = txid
    self.vout = vout
  }

  package var description: String { "\(txid.displayHex):\(vout)" }
}
