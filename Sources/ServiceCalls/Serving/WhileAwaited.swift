internal import GRPCCore

/// Runs `body`, cancelled once nobody waits for it any more: the call's deadline has passed, or its
/// caller is gone.
func whileAwaited<Value: Sendable>(
  _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  let task = Task { try await body() }
  return try await withTaskCancellationHandler {
    try await withRPCCancellationHandler {
      try await task.value
    } onCancelRPC: {
      task.cancel()
    }
  } onCancel: {
    task.cancel()
  }
}
