/// A server that runs in this process until it is stopped.
struct ServerTask: Sendable {
  let port: Int
  private let task: Task<Void, any Error>

  /// Runs `serve`, which tells the port once it listens; returns then.
  static func start(
    _ serve:
      @escaping @Sendable (_ onListening: @escaping @Sendable (Int) -> Void) async throws
      -> Void
  ) async throws -> ServerTask {
    let (ports, report) = AsyncStream.makeStream(of: Int.self)
    let task = Task {
      defer { report.finish() }
      try await serve { report.yield($0) }
    }
    for await port in ports { return ServerTask(port: port, task: task) }
    try await task.value
    throw BenchmarkFailure("the server ended before it listened")
  }

  func stop() async {
    task.cancel()
    // How it ends is of no interest any more.
    _ = try? await task.value
  }
}
