/// Knows the codes for which orders are handed out.
package protocol ClaimCodeReading: Sendable {
  /// Nil where the order has none now: not yet, or not any more.
  func code(ofOrder order: String, tenant: String) async throws -> String?
  /// Whether codes of the tenant's orders come to be known here at all, so that one that isn't yet
  /// may be waited for.
  func knowsCodes(of tenant: String) async throws -> Bool
}

extension ClaimCodeReading {
  package func knowsCodes(of tenant: String) async throws -> Bool { true }
}
