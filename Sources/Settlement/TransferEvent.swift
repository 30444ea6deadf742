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
    let vout: UInt32
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
    let vout: UInt32
    switch transfer.id.position {
    case .vout(let place): vout = place
    }
    var replacedBy: String?
    var reason: String?
    switch transfer.state {
    case .replaced(let txid): replacedBy = txid.displayHex
    case .quarantined(let why): reason = why.rawValue
    default: break
    }
    let body = Body(
      chain: transfer.id.chain.text, txid: transfer.id.txid.displayHex, vout: vout,
      paymentID: owner?.payment, amountMinor: transfer.value.decimal,
      from: change.before?.state.name, to: transfer.state.name,
      blockHeight: transfer.state.block?.height,
      blockHash: transfer.state.block?.hash.displayHex, replacedBy: replacedBy, reason: reason,
      firstSeen: transfer.firstSeen.description)
    let text = try CanonicalJSON.document(body)
    return EventDraft(
      type: type ?? "transfer.\(transfer.state.name)", subject: transfer.id.description,
      tenant: owner?.tenant, cause: SHA256.hash(Array(text.utf8)), time: now, data: text)
  }
}
