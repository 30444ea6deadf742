extension PostgresServer {
  /// One server for the whole process, started when first asked for, without waiting for the
  /// disk. Whoever needs a database makes one of its own there.
  package static var shared: PostgresServer {
    get async throws { try await sharedStart.value.server }
  }

  private struct Shared: Sendable {
    let server: PostgresServer
    /// Removed when this process ends.
    let directory: ScratchDirectory
  }

  private static let sharedStart = Task {
    let directory = try ScratchDirectory()
    var options = Options()
    // Tests run side by side, each with connections of its own.
    options.settings = ["deadlock_timeout": "100ms", "max_connections": "800"]
    return Shared(
      server: try await PostgresServer.start(directory: directory.path, options: options),
      directory: directory)
  }
}
