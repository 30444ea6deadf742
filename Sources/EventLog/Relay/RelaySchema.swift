package import Database

extension Relay {
  /// The component under which `Migrator` keeps these steps.
  package static let component = "relay"

  package static let migrations = [
    Migration(number: 1, name: "how far events were sent") { dialect in
      [
        // One row: every event up to `position` was acknowledged by the brokers.
        dialect.createTable(
          "relay_cursor",
          """
            singleton \(dialect.integer) PRIMARY KEY CHECK (singleton = 1),
            position \(dialect.integer) NOT NULL CHECK (position >= 0)
          """),
        "INSERT INTO relay_cursor (singleton, position) VALUES (1, 0)",
        // A key stays in its partition only while their number stays.
        dialect.createTable(
          "relay_partitions",
          """
            topic TEXT PRIMARY KEY,
            partitions \(dialect.integer) NOT NULL CHECK (partitions >= 1)
          """),
      ]
    }
  ]
}
