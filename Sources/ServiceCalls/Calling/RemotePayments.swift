internal import GRPCCore
internal import Orders

/// Payments that another process keeps.
struct RemotePayments: PaymentRequesting {
  private typealias Method = Paywatch_Payments_V1_OrderPayments.Method
  private typealias Service = Paywatch_Payments_V1_OrderPayments

  let connection: ServiceConnection

  func request(_ request: RequestPayment) async throws -> RequestPaymentReply {
    try await connection.call(Method.RequestPayment.descriptor) { client, metadata, options in
      try await Service.Client(wrapping: client).requestPayment(
        request.message, metadata: metadata, options: options)
    } reading: { reply throws(CallFieldError) in
      try RequestPaymentReply(reply)
    }
  }

  func withdraw(_ request: WithdrawPayment) async throws {
    try await connection.call(Method.WithdrawPayment.descriptor) { client, metadata, options in
      try await Service.Client(wrapping: client).withdrawPayment(
        request.message, metadata: metadata, options: options)
    } reading: { _ in
      ()
    }
  }
}
