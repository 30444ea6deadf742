internal import Addresses
internal import Aggregates
internal import Bytes
package import ChainTypes
package import Payments

/// A payment as the world sees it: the body of responses and of events.
///
/// Amounts stand in units (`amount`) and, as integer strings, in minor units (`…_minor`).
package enum PaymentDocument {
  /// Anyone can send to an address as often as they like; a document stays far below what an event
  /// may hold all the same.
  package static let maximumTransfers = 100

  /// The document as JSON, always the same text for the same payment: members by name, and behind
  /// them the shop's metadata as it was given.
  ///
  /// - Parameter event: for events: the step that they tell
  package static func json(of payment: Payment, telling event: PaymentEvent? = nil) throws -> String
  {
    var steps: [Range<Int>] = []
    return object(of: payment, telling: event, steps: &steps).text
  }

  /// The payment's document, and that of an event that tells `event` of it, written once.
  static func both(
    of payment: Payment, telling event: PaymentEvent
  ) -> (document: String, event: String) {
    var steps: [Range<Int>] = []
    let object = object(of: payment, telling: event, steps: &steps)
    return (object.text(without: steps), object.text)
  }

  /// - Parameter steps: gets where the members stand that only an event has
  private static func object(
    of payment: Payment, telling event: PaymentEvent?, steps: inout [Range<Int>]
  ) -> CanonicalObject {
    let terms = payment.terms
    func units(_ value: UInt256) -> Amount { Amount(minorUnits: value, asset: terms.asset) }
    var object = CanonicalObject()
    func step(_ name: StaticString, _ status: PaymentStatus?) {
      guard let status else { return }
      let start = object.bytes.count
      object.add(name, status.rawValue)
      steps.append(start..<object.bytes.count)
    }
    object.add("address", terms.address)
    object.add("amount", units(terms.amount))
    object.add("amount_minor", terms.amount)
    object.add("asset", terms.asset.symbol)
    object.add("chain", terms.chain.text)
    // The number by which wallets know an EVM chain.
    if let chainID = terms.chainID { object.add("chain_id", chainID) }
    // How deep a transfer must be to count as confirmed.
    object.add("confirmations_required", terms.confirmations)
    object.add("confirmed_minor", payment.confirmed)
    // The token's, where it is one: its symbol alone could be any token's.
    if let contract = terms.asset.contract {
      object.add("contract", EthereumAddress(contract).text)
    }
    object.add("created_at", terms.createdAt)
    object.add("due_minor", payment.due)
    object.add("expires_at", terms.expiresAt)
    step("from", event?.from)
    object.add("held_minor", payment.heldValue)
    object.add("id", terms.id)
    object.add("late", payment.isLate)
    object.add("multiple", payment.isMultiple)
    object.add("order_id", terms.orderID)
    object.add("overpaid_by_minor", payment.overpaidBy)
    if let quote = terms.quote { object.add("quote", quote.document) }
    object.add("received", units(payment.received))
    object.add("received_minor", payment.received)
    if let address = terms.refundAddress { object.add("refund_address", address) }
    object.add("refund_status", payment.refundProgress.rawValue)
    object.add("refundable_minor", payment.refundable)
    object.add("region", terms.region)
    object.add("replaceable", payment.isReplaceable)
    if let resolution = payment.resolution {
      object.add("resolved_by", resolution.by)
      object.add("resolved_reason", resolution.reason)
    }
    object.add("reversals", payment.reversals)
    object.add("shortfall_minor", payment.shortfall)
    object.add("status", payment.status.rawValue)
    step("to", event?.to)
    object.add("tolerance_minor", terms.tolerance)
    // How many there are in all.
    object.add("transfer_count", payment.transfers.count)
    object.add(
      "transfers",
      greatest(payment.transfers).map { document(of: $0, terms: terms, units: units) })
    object.add("uri", uri(of: terms))
    object.add("version", payment.version)
    if let metadata = terms.metadata { object.add("metadata", json: metadata) }
    return object
  }

  private static func document(
    of transfer: PaymentTransfer, terms: PaymentTerms, units: (UInt256) -> Amount
  ) -> CanonicalObject {
    var object = CanonicalObject(reserving: 320)
    object.add("amount", units(transfer.value))
    object.add("amount_minor", transfer.value)
    if let block = transfer.block {
      object.add("block_hash", block.hash.text(transfer.id.position.hashForm))
      object.add("block_height", block.height)
    }
    object.add("first_seen", transfer.firstSeen)
    object.add("late", transfer.isLate(after: terms.expiresAt))
    if case .vout = transfer.id.position {
    } else {
      object.add("position", transfer.id.position.description)
    }
    object.add("state", transfer.state.rawValue)
    object.add("txid", transfer.id.txidText)
    if case .vout(let place) = transfer.id.position { object.add("vout", place) }
    return object
  }

  /// What wallets open, as a link or a QR code: BIP-0321, with the address in the body on every
  /// network, or ERC-681 on EVM chains.
  package static func uri(of payment: Payment) -> String { uri(of: payment.terms) }

  private static func uri(of terms: PaymentTerms) -> String {
    if let chainID = terms.chainID, let recipient = try? EthereumAddress(terms.address) {
      return EthereumPaymentURI(
        recipient: recipient, chainID: chainID,
        token: terms.asset.contract.map(EthereumAddress.init),
        amount: terms.amount
      ).text
    }
    return BitcoinPaymentURI.text(address: terms.address, amount: terms.amount)
  }

  /// The same for a QR code, where some of it may take up less room.
  ///
  /// - Parameter spec: the payment's chain; nil where it isn't configured any more
  package static func qrText(of payment: Payment, on spec: ChainSpec?) -> String {
    guard case .bitcoin(let network) = spec?.family,
      let address = try? BitcoinAddress(payment.terms.address, network: network)
    else { return uri(of: payment) }
    return BitcoinPaymentURI(address: address, amount: payment.terms.amount).qrText
  }

  /// The greatest by value where there are more than `maximumTransfers`, in the order in which
  /// they first came.
  private static func greatest(_ transfers: [PaymentTransfer]) -> [PaymentTransfer] {
    guard transfers.count > maximumTransfers else { return transfers }
    let places = transfers.indices.sorted { a, b in
      transfers[a].value == transfers[b].value
        ? a < b : transfers[a].value > transfers[b].value
    }
    return places.prefix(maximumTransfers).sorted().map { transfers[$0] }
  }
}
