internal import Bytes
internal import ChainTypes
package import Payments

/// A payment as the world sees it: the body of responses and of events.
///
/// Amounts stand in units (`amount`) and, as integer strings, in minor units (`…_minor`).
package struct PaymentDocument: Encodable {
  /// Anyone can send to an address as often as they like; a document stays far below what an event
  /// may hold all the same.
  package static let maximumTransfers = 100

  private struct Transfer: Encodable {
    let txid: String
    let vout: UInt32
    let amount: String
    let amountMinor: String
    let state: String
    let late: Bool
    let blockHeight: UInt32?
    let blockHash: String?
    let firstSeen: String
  }

  let id: String
  let orderID: String
  let status: String
  let chain: String
  let asset: String
  let address: String
  let uri: String
  let amount: String
  let amountMinor: String
  let dueMinor: String
  let toleranceMinor: String
  let received: String
  let receivedMinor: String
  let confirmedMinor: String
  let shortfallMinor: String
  let overpaidByMinor: String
  let heldMinor: String
  let late: Bool
  let multiple: Bool
  let replaceable: Bool
  let reversals: Int
  let refundStatus: String
  /// How deep a transfer must be to count as confirmed.
  let confirmationsRequired: UInt32
  let createdAt: String
  let expiresAt: String
  let region: String
  let version: Int64
  let resolvedBy: String?
  let resolvedReason: String?
  /// The greatest by value where there are more than `maximumTransfers`, in the order in which
  /// they first came.
  private let transfers: [Transfer]
  /// How many there are in all.
  let transferCount: Int
  /// Events only: the step that they tell.
  let from: String?
  let to: String?

  /// The document as JSON, always the same text for the same payment; the shop's metadata stands in
  /// it as it was given.
  package static func json(of payment: Payment, telling event: PaymentEvent? = nil) throws -> String
  {
    let text = try CanonicalJSON.document(PaymentDocument(payment, event: event))
    guard let metadata = payment.terms.metadata else { return text }
    return text.dropLast() + ",\"metadata\":" + metadata + "}"
  }

  private init(_ payment: Payment, event: PaymentEvent?) {
    let terms = payment.terms
    func units(_ value: UInt256) -> String { Amount(minorUnits: value, asset: terms.asset).units }
    id = terms.id
    orderID = terms.orderID
    status = payment.status.rawValue
    chain = terms.chain.text
    asset = terms.asset.symbol
    address = terms.address
    uri = Self.uri(of: payment)
    amount = units(terms.amount)
    amountMinor = terms.amount.decimal
    dueMinor = payment.due.decimal
    toleranceMinor = terms.tolerance.decimal
    received = units(payment.received)
    receivedMinor = payment.received.decimal
    confirmedMinor = payment.confirmed.decimal
    shortfallMinor = payment.shortfall.decimal
    overpaidByMinor = payment.overpaidBy.decimal
    heldMinor = payment.heldValue.decimal
    late = payment.isLate
    multiple = payment.isMultiple
    replaceable = payment.isReplaceable
    reversals = payment.reversals
    refundStatus = "none"
    confirmationsRequired = terms.confirmations
    createdAt = terms.createdAt.description
    expiresAt = terms.expiresAt.description
    region = terms.region
    version = payment.version
    resolvedBy = payment.resolution?.by
    resolvedReason = payment.resolution?.reason
    transferCount = payment.transfers.count
    transfers = Self.greatest(payment.transfers).map { transfer in
      let vout: UInt32
      switch transfer.id.position {
      case .vout(let place): vout = place
      }
      return Transfer(
        txid: transfer.id.txid.displayHex, vout: vout, amount: units(transfer.value),
        amountMinor: transfer.value.decimal, state: transfer.state.rawValue,
        late: transfer.isLate(after: terms.expiresAt), blockHeight: transfer.block?.height,
        blockHash: transfer.block?.hash.displayHex, firstSeen: transfer.firstSeen.description)
    }
    from = event?.from.rawValue
    to = event?.to.rawValue
  }

  /// What wallets open, as a link or a QR code (BIP-0321; the address stands in the body on every
  /// network).
  package static func uri(of payment: Payment) -> String {
    let amount = Amount(minorUnits: payment.terms.amount, asset: payment.terms.asset)
    return "bitcoin:\(payment.terms.address)?amount=\(amount.units)"
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
