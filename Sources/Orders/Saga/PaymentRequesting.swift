/// What orders ask of settlement: two calls with messages, whichever way they go. Each may be
/// repeated: an order gets one payment.
package protocol PaymentRequesting: Sendable {
  func request(_ request: RequestPayment) async throws -> RequestPaymentReply
  func withdraw(_ request: WithdrawPayment) async throws
}

/// Asks for the order's payment, and makes it where there is none.
package struct RequestPayment: Equatable, Sendable {
  package let tenant: String
  package let order: String
  package let choice: PaymentChoice

  package init(tenant: String, order: String, choice: PaymentChoice) {
    self.tenant = tenant
    self.order = order
    self.choice = choice
  }
}

package enum RequestPaymentReply: Equatable, Sendable {
  case requested(RequestedPayment)
  /// There will never be one on these terms.
  case refused(reason: String)
  /// There may be one later.
  case unavailable(reason: String)
}

/// Cancels the order's payment, as long as no money has come for it.
package struct WithdrawPayment: Equatable, Sendable {
  package let tenant: String
  package let order: String
  package let payment: String

  package init(tenant: String, order: String, payment: String) {
    self.tenant = tenant
    self.order = order
    self.payment = payment
  }
}
