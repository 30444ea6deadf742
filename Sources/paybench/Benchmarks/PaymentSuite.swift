internal import Database

/// Payments over HTTP with durable commits, load and server on the same processors.
enum PaymentSuite: EngineSuite {
  static func name(_ engine: DurableStore.Engine) -> String {
    "POST /v1/payments on \(engine.rawValue)"
  }

  static let usualCount = 20_000

  /// How many clients ask at once.
  private static let connections = 256

  static func contest(
    _ engine: DurableStore.Engine, count: Int
  ) async throws -> Contest {
    let store = try await DurableStore(engine)
    let server = try await PaymentServer.start(on: store.makeDatabase("payments"))
    let bare = try await store.makeDatabase("bare")
    let inserts = try await GroupedInserts(on: bare)
    let empty = try await EmptyServer.start()
    var requests = ByteRun()
    return Contest(
      name: name(engine),
      how: """
        \(count) requests a round over \(connections) connections, each for an order of its own: \
        payment, address, event and kept reply in one transaction that is on disk before it is \
        answered. Load generator, server and database share the machine; time is as it passes, and \
        the database is asked afterwards whether all of it is there. PostgreSQL writes over old \
        segments of its log (min_wal_size 2 GB), as a server does that isn't new.
        """,
      ours: {
        requests = try await server.prepare(count)
        let load = LoadGenerator(port: server.port, connections: connections)
        let result = try await load.run(requests, expecting: 201)
        try await server.verify()
        return result.figures
      },
      others: [
        { [try await inserts.run(count, callers: connections)] },
        {
          // The very requests that were answered last.
          let load = LoadGenerator(port: empty.port, connections: connections)
          return try await load.run(requests, expecting: 201).figures
        },
      ],
      comparisons: comparisons(name(engine)),
      finish: {
        await empty.stop()
        try await server.close()
        try await bare.close()
        await store.close()
      })
  }

  private static func comparisons(_ name: String) -> [Contest.Comparison] {
    let bare = "one small INSERT each by \(connections) callers, grouped commits"
    let empty = "Hummingbird's empty answers to the same"
    return [
      .init(
        name: name, unit: "payments/s", reference: bare, goal: .atLeast(10_000, "payments/s")),
      .init(name: name, unit: "payments/s", reference: empty, work: 1),
      .init(
        name: name + ", median latency", unit: "ms", figure: 1, reference: empty, work: 1,
        referenceFigure: 1),
      .init(
        name: name + ", 99th percentile of latency", unit: "ms", figure: 2, reference: empty,
        work: 1, referenceFigure: 2, goal: .atMost(50, "ms")),
    ]
  }
}
