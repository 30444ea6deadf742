internal import GRPCCore

/// Runs `body`, cancelled once nobody waits for it any more: the call's deadline has passed, or its
/// caller is gone.
///
/// The transport says the same of all calls when the server begins to end; their callers wait
/// still, so these go on until the server's own task is cancelled.
func whileAwaited<Value: Sendable>(
  _ status: ServingStatus, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  let task = Task { try await body() }
  return try await withTaskCancellationHandler {
    try await withRPCCancellationHandler {
      try await task.value
    } onCancelRPC: {
      if !status.hasEnded { task.cancel() }
    }
  } onCancel: {
    task.cancel()
  }
}
