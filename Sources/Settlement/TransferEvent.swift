internal import Aggregates
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Digests
internal import EventLog

/// The event of one step of a transfer.
struct TransferEvent {
  private let change: TransferChange
  private let owner: AddressOwner?
  private let now: Timestamp

  private struct Body: Encodable {
    let chain: String
    let txid: String
    /// On Bitcoin.
    let vout: UInt32?
    /// On other chains.
    let position: String?
    /// A token's.
    let contract: String?
    let paymentID: String?
    let amountMinor: String
    let from: String?
    let to: String
    let blockHeight: UInt32?
    let blockHash: String?
    let replacedBy: String?
    let reason: String?
    let firstSeen: String
  }

  init(_ change: TransferChange, owner: AddressOwner?, now: Timestamp) {
    self.change = change
    self.owner = owner
    self.now = now
  }

  /// - Parameter type: instead of the transfer's state
  func draft(type: String? = nil) throws -> EventDraft {
    let transfer = change.after
    let form = transfer.id.position.hashForm
    var vout: UInt32?
    if case .vout(let place) = transfer.id.position { vout = place }
    var replacedBy: String?
    var reason: String?
    switch transfer.state {
    case .replaced(let txid): replacedBy = txid.text(form)
    case .quarantined(let why): reason = why.rawValue
    default: break
    }
    let body = Body(
      chain: transfer.id.chain.text, txid: transfer.id.txidText, vout: vout,
      position: vout == nil ? transfer.id.position.description : nil,
      contract: transfer.contract.map { "0x\($0.hex)" }, paymentID: owner?.payment,
      amountMinor: transfer.value.decimal,
      from: change.before?.state.name, to: transfer.state.name,
      blockHeight: transfer.state.block?.height,
      blockHash: transfer.state.block?.hash.text(form), replacedBy: replacedBy, reason: reason,
      firstSeen: transfer.firstSeen.description)
    let text = try CanonicalJSON.document(body)
    return EventDraft(
      type: type ?? "transfer.\(transfer.state.name)", subject: transfer.id.description,
      tenant: owner?.tenant, cause: SHA256.hash(Array(text.utf8)), time: now, data: text)
  }
}
