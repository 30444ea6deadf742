internal import GRPCCore
internal import SwiftProtobuf

/// `grpc.health.v1.Health` (https://github.com/grpc/grpc/blob/master/doc/health-checking.md), as
/// probes ask it. It wants no token: all that it tells is whether this process serves. How many may
/// watch is bounded.
struct HealthService: Grpc_Health_V1_Health.SimpleServiceProtocol {
  static let name = Grpc_Health_V1_Health.descriptor.fullyQualifiedService

  let status: ServingStatus
  /// Those that are answered for here; the empty name stands for all of them.
  let services: Set<String>

  private func isKnown(_ service: String) -> Bool { service.isEmpty || services.contains(service) }

  func check(
    request: Grpc_Health_V1_HealthCheckRequest, context: ServerContext
  ) async throws -> Grpc_Health_V1_HealthCheckResponse {
    guard isKnown(request.service) else {
      throw RPCError(code: .notFound, message: "no such service here")
    }
    return .with { $0.status = status.isServing ? .serving : .notServing }
  }

  func watch(
    request: Grpc_Health_V1_HealthCheckRequest,
    response: RPCWriter<Grpc_Health_V1_HealthCheckResponse>, context: ServerContext
  ) async throws {
    let isKnown = isKnown(request.service)
    guard let changes = status.changes() else {
      throw RPCError(code: .resourceExhausted, message: "too many watch already; ask Check")
    }
    try await whileAwaited(status) { try await Self.tell(changes, isKnown: isKnown, to: response) }
  }

  private static func tell(
    _ changes: AsyncStream<Bool>, isKnown: Bool,
    to response: RPCWriter<Grpc_Health_V1_HealthCheckResponse>
  ) async throws {
    var told: Grpc_Health_V1_HealthCheckResponse.ServingStatus?
    for await isServing in changes {
      let status: Grpc_Health_V1_HealthCheckResponse.ServingStatus =
        isKnown ? (isServing ? .serving : .notServing) : .serviceUnknown
      guard status != told else { continue }
      told = status
      try await response.write(.with { $0.status = status })
    }
  }
}
