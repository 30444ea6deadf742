package import ChainTypes

/// More of a supply that is to come.
///
///     (available falls to the limit) ──► open ──► ordered ──► (received, or closed)
package struct SupplyReorder: Codable, Equatable, Sendable {
  package internal(set) var status: Status
  /// In the smallest unit; nil where nobody has said how much.
  package internal(set) var quantity: Int64?
  /// What the supplier knows it by.
  package internal(set) var reference: String?
  package let since: Timestamp

  package enum Status: String, Codable, Sendable, CaseIterable {
    /// Somebody should order it.
    case open
    case ordered
  }
}
