/// Knows the codes for which orders are handed out.
package protocol ClaimCodeReading: Sendable {
  /// Nil where the order has none now: not yet, or not any more.
  func code(ofOrder order: String, tenant: String) async throws -> String?
}
