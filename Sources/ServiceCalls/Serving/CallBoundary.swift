internal import Database
internal import GRPCCore
internal import Telemetry

/// What all calls from other processes share: they show a token, go on in their caller's trace,
/// are counted, and tell failures in the protocol's terms.
struct CallBoundary: ServerInterceptor {
  let tokens: CallTokens
  let status: ServingStatus
  let metrics: MetricsRegistry
  /// Called with the method and what is no fault of the caller's.
  let onFailure: @Sendable (String, any Error) -> Void

  func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingServerRequest<Input>, context: ServerContext,
    next:
      @Sendable (
        StreamingServerRequest<Input>, ServerContext
      ) async throws -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    // Probes have no token; a watch of theirs is no call that ends.
    guard context.descriptor.service.fullyQualifiedService != HealthService.name else {
      return try await next(request, context)
    }
    let method = context.descriptor.fullyQualifiedMethod
    do {
      try authenticate(request.metadata)
      let trace = Self.trace(of: request.metadata)
      let response = try await TraceContext.$current.withValue(trace) {
        try await next(request, context)
      }
      switch response.accepted {
      case .success: count(method, "ok")
      case .failure(let error): count(method, error.code.description)
      }
      return response
    } catch {
      let isAwaited = status.hasEnded || !context.cancellation.isCancelled
      let failure = explained(error, method, isAwaited: isAwaited)
      count(method, failure.code.description)
      throw failure
    }
  }

  private func authenticate(_ metadata: Metadata) throws(RPCError) {
    let values = Array(metadata[stringValues: "authorization"])
    guard values.count == 1, tokens.accepts(values[0]) else {
      throw RPCError(
        code: .unauthenticated, message: "send authorization: Bearer and the services' token")
    }
  }

  /// A span of the caller's trace, or a new trace where it names none, or more than one.
  private static func trace(of metadata: Metadata) -> TraceContext {
    let values = Array(metadata[stringValues: "traceparent"])
    guard values.count == 1, let context = TraceContext(traceparent: values[0]) else {
      return .begin()
    }
    return context.child()
  }

  private func explained(
    _ error: any Error, _ method: String, isAwaited: Bool
  ) -> RPCError {
    switch error {
    case let error as RPCError: return error
    case let error as CallFieldError:
      return RPCError(code: .invalidArgument, message: error.description)
    case is CancellationError:
      return isAwaited
        ? RPCError(code: .unavailable, message: "this process ends")
        : RPCError(code: .deadlineExceeded, message: "nobody waits for it any more")
    case DatabaseError.overloaded, DatabaseError.busy, DatabaseError.timedOut, DatabaseError.closed,
      DatabaseError.storage, DatabaseError.connectionLost:
      // The caller asks again, which is safe also where the commit is unknown.
      onFailure(method, error)
      return RPCError(code: .unavailable, message: "there is no database for it now")
    default:
      onFailure(method, error)
      return RPCError(code: .internalError, message: "it failed; the server's log tells why")
    }
  }

  private func count(_ method: String, _ code: String) {
    metrics.counter(.serviceAnswers, method, code).add()
  }
}
