internal import Dispatch
internal import Glibc

/// Runs `body` until it ends or the process gets SIGTERM or SIGINT, which cancels it.
func untilTerminated(_ body: @escaping @Sendable () async throws -> Void) async throws {
  let (signals, continuation) = AsyncStream.makeStream(of: Void.self)
  let sources = [SIGTERM, SIGINT].map { number in
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number)
    source.setEventHandler { continuation.yield() }
    source.resume()
    return source
  }
  defer { for source in sources { source.cancel() } }
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await body() }
    group.addTask { for await _ in signals { return } }
    defer { group.cancelAll() }
    try await group.next()
  }
}
