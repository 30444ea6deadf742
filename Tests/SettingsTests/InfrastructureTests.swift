import Settings
import TestSupport
import Testing

@Suite("the settings of PostgreSQL, Kafka and Redis")
struct InfrastructureTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private static let embedded = "database:\n  sqlite: paywatch.sqlite\n"

  /// The smallest configuration with another database, and more settings behind it.
  private func load(
    database: String = embedded, _ more: String = "", _ environment: [String: String] = [:]
  ) throws -> PaywatchConfiguration {
    let text = SettingsText.minimal.replacing(Self.embedded, with: database) + "\n" + more
    return try PaywatchConfiguration.load(
      directory.write("paywatch.yaml", text), environment: environment)
  }

  private func mistakes(
    database: String = embedded, _ more: String = "", _ environment: [String: String] = [:]
  ) throws -> [String] {
    let error = #expect(throws: ConfigurationError.self) {
      try load(database: database, more, environment)
    }
    return error?.mistakes.map { "\($0.line ?? 0) \($0.path)" } ?? []
  }

  @Test("PostgreSQL takes a URL, its password from a file, and has defaults")
  func postgreSQL() throws {
    try directory.write("secret", "hunter2\n")
    let configuration = try load(
      database: """
        database:
          postgresql:
            url: postgresql://paywatch@db.internal:5433/paywatch?sslmode=verify-full
            password_file: secret

        """)
    guard case .postgreSQL(let settings) = configuration.database else {
      Issue.record("another database")
      return
    }
    #expect(settings.url.hasSuffix("?sslmode=verify-full"))
    #expect(settings.password == Secret("hunter2"))
    #expect(settings.connections == 8)
    #expect(settings.statementTimeoutMilliseconds == 30_000)
    #expect(!"\(configuration)".contains("hunter2"))
  }

  @Test("snapshots of addresses are kept beside SQLite's file, with PostgreSQL where that is told")
  func watchSnapshots() throws {
    func kept(_ database: String, _ more: String) throws -> String? {
      try load(database: database, more).watchSnapshotDirectory
    }
    #expect(try kept(Self.embedded, "") == directory.path("paywatch.sqlite-addresses"))
    #expect(try kept(Self.embedded, "watch_snapshots:\n  enabled: false\n") == nil)
    #expect(
      try kept(Self.embedded, "watch_snapshots:\n  directory: kept\n") == directory.path("kept"))
    #expect(
      try kept(Self.embedded, "watch_snapshots:\n  enabled: false\n  directory: kept\n") == nil)
    let server = "database:\n  postgresql:\n    url: postgresql://127.0.0.1/paywatch\n"
    #expect(try kept(server, "") == nil)
    #expect(try kept(server, "watch_snapshots:\n  directory: /kept\n") == "/kept")
    #expect(
      try mistakes(database: server, "watch_snapshots:\n  enabled: true\n")
        == ["12 watch_snapshots.directory"])
    #expect(
      try mistakes("watch_snapshots:\n  enabled: perhaps\n  directory: []\n  when: now\n").count
        == 3)
  }

  @Test("the environment alone can name the database, Kafka and Redis")
  func environment() throws {
    let configuration = try load(
      database: "",
      "",
      [
        "PAYWATCH_DATABASE_POSTGRESQL_URL": "postgresql://127.0.0.1/paywatch",
        "PAYWATCH_KAFKA_BROKERS": "127.0.0.1:9092", "PAYWATCH_REDIS_URL": "redis://127.0.0.1",
      ])
    guard case .postgreSQL = configuration.database else {
      Issue.record("another database")
      return
    }
    #expect(configuration.kafka?.brokers == "127.0.0.1:9092")
    #expect(configuration.redis?.port == 6_379)
  }

  @Test("one database, not two and not none")
  func oneDatabase() throws {
    #expect(try mistakes(database: "") == ["1 database.sqlite"])
    #expect(
      try mistakes(
        database: "database: {sqlite: a, postgresql: {url: postgresql://127.0.0.1/paywatch}}\n")
        == ["2 database.sqlite"])
  }

  @Test("Kafka takes librdkafka's properties, but no secret among them")
  func kafka() throws {
    let configuration = try load(
      """
      kafka:
        brokers: kafka-1:9092,kafka-2:9093
        properties: { security.protocol: ssl }
      """)
    let kafka = try #require(configuration.kafka)
    #expect(kafka.properties == ["security.protocol": "ssl"])
    let found = try mistakes(
      """
      kafka:
        brokers: kafka-1
        properties:
          sasl.password: hunter2
        topic: {}
      """)
    #expect(
      found.sorted() == [
        "11 kafka.brokers", "13 kafka.properties.sasl.password", "14 kafka.topic",
      ])
  }

  @Test("Redis is a URL without a password, which comes from its file")
  func redis() throws {
    try directory.write("secret", "hunter2\n")
    let configuration = try load(
      "redis: { url: redis://cache.internal:6380/2, user: paywatch, password_file: secret }")
    let settings = try #require(configuration.redis)
    #expect(settings.host == "cache.internal" && settings.port == 6_380)
    #expect(settings.database == 2)
    #expect(settings.user == "paywatch" && settings.password == Secret("hunter2"))
    for url in [
      "http://127.0.0.1", "redis://:hunter2@127.0.0.1", "redis://127.0.0.1/x",
      "redis://127.0.0.1:0",
      "rediss://127.0.0.1",
    ] {
      let error = #expect(throws: ConfigurationError.self) { try load("redis: { url: '\(url)' }") }
      #expect(error?.mistakes.map(\.path) == ["redis.url"])
      #expect(error?.description.contains("hunter2") == false)
    }
  }
}
