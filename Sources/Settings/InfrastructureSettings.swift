/// Where payments, chains and events are kept.
package enum DatabaseSettings: Sendable, Equatable {
  /// A file on this machine: nothing else to start.
  case sqlite(path: String)
  case postgreSQL(PostgreSQLSettings)
}

package struct PostgreSQLSettings: Sendable, Equatable {
  /// `postgresql://user@host:port/database?sslmode=verify-full…` (libpq's connection URI), without
  /// a password.
  package let url: String
  package let password: Secret?
  /// How many connections this process opens at most.
  package let connections: Int
  package let statementTimeoutMilliseconds: Int
}

/// The brokers to which the relay copies the event log.
package struct KafkaSettings: Sendable, Equatable {
  /// `host:port`, separated by commas.
  package let brokers: String
  /// librdkafka's own settings by name, such as `security.protocol`.
  package let properties: [String: String]
  /// `sasl.password`.
  package let password: Secret?
}

/// The cache that processes share.
package struct RedisSettings: Sendable, Equatable {
  package let host: String
  package let port: UInt16
  package let database: Int
  package let user: String?
  package let password: Secret?
}
