internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Database
internal import Settlement

/// A difference that a rescan has found.
struct RescanLine: Encodable, Sendable {
  /// `missing`: the block holds it, and it isn't recorded. `elsewhere`: it is, in another block of
  /// the active chain. `surplus`: it is recorded in the block, which doesn't hold it.
  let difference: String
  let chain: String
  let blockHeight: UInt32
  let blockHash: String
  let txid: String
  /// On Bitcoin.
  let vout: UInt32?
  /// On other chains.
  let position: String?
  let amountMinor: String
  let address: String?
  let paymentId: String?
  /// The recorded state, where there is one.
  let recorded: String?
  /// What it is recorded as from now on.
  let written: String?

  init(
    _ difference: String, _ id: TransferID, _ ordinal: UInt64, _ value: UInt256,
    _ block: BlockRef, recorded: TransferState?, written: String?, _ family: String,
    _ connection: any SQLConnection
  ) throws {
    let row = try connection.queryFirst(
      "SELECT address, payment_id FROM addresses WHERE family = $1 AND ordinal = $2",
      [.text(family), .ordinal(ordinal)])
    self.difference = difference
    chain = id.chain.text
    blockHeight = block.height
    blockHash = block.hash.text(id.position.hashForm)
    txid = id.txidText
    if case .vout(let index) = id.position {
      vout = index
      position = nil
    } else {
      vout = nil
      position = id.position.description
    }
    amountMinor = value.decimal
    address = try row?.text("address")
    paymentId = try row?.optionalText("payment_id")
    self.recorded = recorded?.name
    self.written = written
  }

  var place: String { position ?? vout.map(String.init) ?? "" }
}
