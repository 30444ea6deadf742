internal import ChainTypes

/// Something that the books, the chain, the ledger or the event log have otherwise than another of
/// them.
package struct ReconciliationRow: Hashable, Sendable, Encodable {
  package let kind: Kind
  package var chain: String?
  package var tenant: String?
  package var address: String?
  package var asset: String?
  package var contract: String?
  /// What the books make of it, in minor units.
  package var expected: String?
  /// What the chain or the ledger has, in minor units.
  package var found: String?
  /// `found` less `expected`.
  package var difference: String?
  /// What is known of why, or what it is where there are no amounts.
  package var explanation: String?
  package var blockHeight: UInt32?
  package var blockHash: String?

  package enum Kind: String, Hashable, Sendable, Encodable, CaseIterable {
    /// The chain has another amount than our records.
    case chain
    /// The ledger has another amount than our records, or entries that these don't make.
    case ledger
    /// A payment or refund isn't what its facts make.
    case payment
    /// The event log isn't what the facts have told.
    case event
  }

  package init(_ kind: Kind) { self.kind = kind }

  /// What a replay found.
  package init(_ difference: ReplayCheck.Difference) {
    kind =
      switch difference.kind {
      case .payment: .payment
      case .event: .event
      case .ledger: .ledger
      }
    explanation = difference.text
  }

  /// What `reconciliation.mismatch` says of it: the same for as long as nothing changes.
  package var reason: String {
    guard let expected, let found else { return explanation ?? "" }
    let place = [address, tenant].compactMap { $0 }.first ?? ""
    let asset = contract ?? asset ?? "?"
    return
      "\(place) has \(found) of \(asset) \(kind == .ledger ? "in the ledger" : "on the chain"), "
      + "the books make "
      + expected + (explanation.map { ": \($0)" } ?? "")
  }
}
