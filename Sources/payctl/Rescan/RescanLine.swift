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
  /// Absent where it is a token that isn't listed.
  let asset: String?
  /// The token's; absent for the chain's own coin.
  let contract: String?
  let amountMinor: String
  let address: String?
  let paymentId: String?
  /// The recorded state, where there is one.
  let recorded: String?
  /// What it is recorded as from now on.
  let written: String?

  /// The amount for people.
  let amount: String

  private enum CodingKeys: String, CodingKey {
    case difference, chain, blockHeight, blockHash, txid, vout, position, asset, contract
    case amountMinor, address, paymentId, recorded, written
  }

  init(
    _ difference: String, _ id: TransferID, _ ordinal: UInt64, _ value: UInt256,
    _ contract: Hash20?, _ block: BlockRef, recorded: TransferState?, written: String?,
    _ spec: ChainSpec, _ connection: any SQLConnection
  ) throws {
    let row = try connection.queryFirst(
      "SELECT address, payment_id FROM addresses WHERE family = $1 AND ordinal = $2",
      [.text(spec.family.name), .ordinal(ordinal)])
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
    let listed = contract.map { spec.token($0) } ?? spec.coin
    asset = listed?.asset.symbol
    self.contract = contract.map { "0x\($0.hex)" }
    amountMinor = value.decimal
    amount =
      listed.map { Amount(minorUnits: value, asset: $0.asset).description }
      ?? "\(value.decimal) of 0x\(contract?.hex ?? "")"
    address = try row?.text("address")
    paymentId = try row?.optionalText("payment_id")
    self.recorded = recorded?.name
    self.written = written
  }

  var place: String { position ?? vout.map(String.init) ?? "" }
}
