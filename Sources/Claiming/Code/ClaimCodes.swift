/// Codes for those who tell them to customers. Asked when a message is sent, so that no code lies
/// in a queue.
package protocol ClaimCodes: Sendable {
  /// Nil where the order has no claim, or one that has ended.
  func code(ofOrder order: String, tenant: String) async throws -> IssuedCode?
}

/// A code and whose it is.
package struct IssuedCode: Equatable, Sendable {
  /// The claim's id.
  package let claim: String
  package let order: String
  package let code: ClaimCode

  package init(claim: String, order: String, code: ClaimCode) {
    self.claim = claim
    self.order = order
    self.code = code
  }

  /// What its QR code says.
  package var uri: String { code.uri(of: claim) }
}
