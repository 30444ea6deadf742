internal import GRPCCore
internal import Supply

/// `paywatch.supply.v1.StockReservations`, answered by whoever keeps stock.
struct StockReservationsService: Paywatch_Supply_V1_StockReservations.SimpleServiceProtocol {
  static let name = Paywatch_Supply_V1_StockReservations.descriptor.fullyQualifiedService

  let stock: any StockReserving
  let status: ServingStatus

  func reserve(
    request: Paywatch_Supply_V1_ReserveRequest, context: ServerContext
  ) async throws -> Paywatch_Supply_V1_ReserveReply {
    let asked = try ReserveStock(request)
    return try await whileAwaited(status) { try await stock.reserve(asked) }.message
  }

  func consume(
    request: Paywatch_Supply_V1_ConsumeRequest, context: ServerContext
  ) async throws -> Paywatch_Supply_V1_ConsumeReply {
    let asked = try ConsumeStock(request)
    return try await whileAwaited(status) { try await stock.consume(asked) }.message
  }

  func release(
    request: Paywatch_Supply_V1_ReleaseRequest, context: ServerContext
  ) async throws -> Paywatch_Supply_V1_ReleaseReply {
    let asked = try ReleaseStock(request)
    switch try await whileAwaited(status, { try await stock.release(asked) }) {
    case .released: return .init()
    }
  }
}
