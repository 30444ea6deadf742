internal import GRPCCore
internal import Supply

/// Stock that another process keeps.
struct RemoteStock: StockReserving {
  private typealias Method = Paywatch_Supply_V1_StockReservations.Method
  private typealias Service = Paywatch_Supply_V1_StockReservations

  let connection: ServiceConnection

  func reserve(_ request: ReserveStock) async throws -> ReserveStockReply {
    try await connection.call(Method.Reserve.descriptor) { client, metadata, options in
      try await Service.Client(wrapping: client).reserve(
        request.message, metadata: metadata, options: options)
    } reading: { reply throws(CallFieldError) in
      try ReserveStockReply(reply)
    }
  }

  func consume(_ request: ConsumeStock) async throws -> ConsumeStockReply {
    try await connection.call(Method.Consume.descriptor) { client, metadata, options in
      try await Service.Client(wrapping: client).consume(
        request.message, metadata: metadata, options: options)
    } reading: { reply throws(CallFieldError) in
      try ConsumeStockReply(reply)
    }
  }

  func release(_ request: ReleaseStock) async throws -> ReleaseStockReply {
    try await connection.call(Method.Release.descriptor) { client, metadata, options in
      try await Service.Client(wrapping: client).release(
        request.message, metadata: metadata, options: options)
    } reading: { _ in
      .released
    }
  }
}
