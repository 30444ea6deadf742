package import Messages

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
  /// The topics of this database's events by name, where others have databases of their own; nil
  /// for all.
  package let topics: [String]?
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

/// The server that takes mail to customers, and from whom it is.
package struct MailSettings: Sendable, Equatable {
  /// `smtp://host:port`, with STARTTLS unless `allowsPlainText`, or `smtps://host:port`.
  package let server: String
  package let allowsPlainText: Bool
  /// A PEM file of certificates to trust instead of the system's.
  package let certificates: String?
  package let login: Login?
  package let from: MailAddress
  /// Nil for the shop's own name.
  package let fromName: String?
  package let replyTo: MailAddress?
  /// Where customers reach the API, without a slash at its end.
  package let publicURL: String?

  package struct Login: Sendable, Equatable {
    package let user: String
    package let password: Secret
  }
}
