internal import Bytes
internal import ChainTypes
package import Payments

/// A payment as the world sees it: the body of responses and of events.
///
/// Amounts stand in units (`amount`) and, as integer strings, in minor units (`…_minor`).
package struct PaymentDocument: Encodable, Sendable, Equatable {
  /// Anyone can send to an address as often as they like; a document stays far below what an event
  /// may hold all the same.
  package static let maximumTransfers = 100

  package struct Transfer: Encodable, Sendable, Equatable {
    let txid: String
    let vout: UInt32
    let amount: String
    let amount_minor: String
    let state: String
    let late: Bool
    let block_height: UInt32?
    let block_hash: String?
    let first_seen: String
  }

  let id: String
  let order_id: String
  let status: String
  let chain: String
  let asset: String
  let address: String
  let uri: String
  let amount: String
  let amount_minor: String
  let due_minor: String
  let tolerance_minor: String
  let received: String
  let received_minor: String
  let confirmed_minor: String
  let shortfall_minor: String
  let overpaid_by_minor: String
  let held_minor: String
  let late: Bool
  let multiple: Bool
  let replaceable: Bool
  let reversals: Int
  let refund_status: String
  let confirmations: UInt32
  let created_at: String
  let expires_at: String
  let region: String
  let version: Int64
  let resolved_by: String?
  let resolved_reason: String?
  let metadata: String?
  /// The greatest by value where there are more than `maximumTransfers`, in the order in which
  /// they first came.
  let transfers: [Transfer]
  /// How many there are in all.
  let transfer_count: Int
  /// Events only: the step that they tell.
  let from: String?
  let to: String?

  package init(_ payment: Payment, event: PaymentEvent? = nil) {
    let terms = payment.terms
    func units(_ value: UInt256) -> String { Amount(minorUnits: value, asset: terms.asset).units }
    id = terms.id
    order_id = terms.orderID
    status = payment.status.rawValue
    chain = terms.chain.text
    asset = terms.asset.symbol
    address = terms.address
    // BIP-0321; the address stands in the body on every network.
    uri = "bitcoin:\(terms.address)?amount=\(units(terms.amount))"
    amount = units(terms.amount)
    amount_minor = terms.amount.decimal
    due_minor = payment.due.decimal
    tolerance_minor = terms.tolerance.decimal
    received = units(payment.received)
    received_minor = payment.received.decimal
    confirmed_minor = payment.confirmed.decimal
    shortfall_minor = payment.shortfall.decimal
    overpaid_by_minor = payment.overpaidBy.decimal
    held_minor = payment.heldValue.decimal
    late = payment.isLate
    multiple = payment.isMultiple
    replaceable = payment.isReplaceable
    reversals = payment.reversals
    refund_status = "none"
    confirmations = terms.confirmations
    created_at = terms.createdAt.description
    expires_at = terms.expiresAt.description
    region = terms.region
    version = payment.version
    resolved_by = payment.resolution?.by
    resolved_reason = payment.resolution?.reason
    metadata = terms.metadata
    transfer_count = payment.transfers.count
    transfers = Self.greatest(payment.transfers).map { transfer in
      let vout: UInt32
      switch transfer.id.position {
      case .vout(let place): vout = place
      }
      return Transfer(
        txid: transfer.id.txid.displayHex, vout: vout, amount: units(transfer.value),
        amount_minor: transfer.value.decimal, state: transfer.state.rawValue,
        late: transfer.isLate(after: terms.expiresAt), block_height: transfer.block?.height,
        block_hash: transfer.block?.hash.displayHex, first_seen: transfer.firstSeen.description)
    }
    from = event?.from.rawValue
    to = event?.to.rawValue
  }

  private static func greatest(_ transfers: [PaymentTransfer]) -> [PaymentTransfer] {
    guard transfers.count > maximumTransfers else { return transfers }
    let places = transfers.indices.sorted { a, b in
      transfers[a].value == transfers[b].value
        ? a < b : transfers[a].value > transfers[b].value
    }
    return places.prefix(maximumTransfers).sorted().map { transfers[$0] }
  }
}
