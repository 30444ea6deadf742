internal import GRPCCore
internal import Orders

/// `paywatch.payments.v1.OrderPayments`, answered by whoever keeps payments.
struct OrderPaymentsService: Paywatch_Payments_V1_OrderPayments.SimpleServiceProtocol {
  static let name = Paywatch_Payments_V1_OrderPayments.descriptor.fullyQualifiedService

  let payments: any PaymentRequesting
  let status: ServingStatus

  func requestPayment(
    request: Paywatch_Payments_V1_RequestPaymentRequest, context: ServerContext
  ) async throws -> Paywatch_Payments_V1_RequestPaymentReply {
    let asked = try RequestPayment(request)
    return try await whileAwaited(status) { try await payments.request(asked) }.message
  }

  func withdrawPayment(
    request: Paywatch_Payments_V1_WithdrawPaymentRequest, context: ServerContext
  ) async throws -> Paywatch_Payments_V1_WithdrawPaymentReply {
    let asked = try WithdrawPayment(request)
    try await whileAwaited(status) { try await payments.withdraw(asked) }
    return .init()
  }
}
