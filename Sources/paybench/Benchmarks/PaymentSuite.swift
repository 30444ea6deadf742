internal import Database
internal import LocalServers
internal import SQLite

/// Payments over HTTP with durable commits, load and server on the same processors.
enum PaymentSuite: Suite {
  private static let sqlite = "POST /v1/payments on SQLite"

  static let names = [sqlite]

  /// How many clients ask at once.
  private static let connections = 256

  static func contests(
    named names: Set<String>, _ materials: Materials
  ) async throws -> [Contest] {
    var contests: [Contest] = []
    if names.contains(sqlite) {
      let scratch = try ScratchDirectory()
      contests.append(
        try await contest(
          sqlite, materials.settings,
          payments: SQLiteDatabase(path: scratch.path + "/payments.sqlite"),
          bare: SQLiteDatabase(path: scratch.path + "/bare.sqlite"),
          cleaning: { withExtendedLifetime(scratch) {} }))
    }
    return contests
  }

  private static func contest(
    _ name: String, _ settings: Settings, payments: any Database, bare: any Database,
    cleaning: @escaping () async throws -> Void
  ) async throws -> Contest {
    let server = try await PaymentServer.start(on: payments)
    let inserts = try await GroupedInserts(on: bare)
    let empty = try await EmptyServer.start()
    let count = settings.repetitions(20_000)
    var requests = ByteRun()
    return Contest(
      name: name,
      ours: {
        requests = try await server.prepare(count)
        let result = try await LoadGenerator(port: server.port, connections: connections)
          .run(requests, expecting: 201)
        try await server.verify()
        return result.figures
      },
      others: [
        { [try await inserts.run(count, callers: connections)] },
        {
          return try await LoadGenerator(port: empty.port, connections: connections)
            .run(requests, expecting: 201).figures
        },
      ],
      comparisons: comparisons(name),
      finish: {
        await empty.stop()
        try await server.close()
        try await bare.close()
        try await cleaning()
      })
  }

  private static func comparisons(_ name: String) -> [Contest.Comparison] {
    let bare = "one small INSERT each by \(connections) callers, grouped commits"
    let empty = "Hummingbird's empty answers to the same"
    return [
      .init(
        name: name, unit: "payments/s", reference: bare, goal: .atLeast(5_000, "payments/s")),
      .init(name: name, unit: "payments/s", reference: empty, work: 1),
      .init(
        name: name + ", median latency", unit: "ms", figure: 1, reference: empty, work: 1,
        referenceFigure: 1),
      .init(
        name: name + ", 99th percentile of latency", unit: "ms", figure: 2, reference: empty,
        work: 1, referenceFigure: 2, goal: .atMost(100, "ms")),
    ]
  }
}
