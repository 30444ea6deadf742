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
            position \(dialect.integer) NOT NULL CHECK (position >= 0),
            epoch \(dialect.integer) NOT NULL CHECK (epoch >= 0)
          """),
        "INSERT INTO relay_cursor (singleton, position, epoch) VALUES (1, 0, 0)",
        // How far the log reached when each restore epoch of this database's history began.
        dialect.createTable(
          "relay_epochs",
          """
            epoch \(dialect.integer) PRIMARY KEY CHECK (epoch >= 0),
            base \(dialect.integer) NOT NULL CHECK (base >= 0)
          """),
        "INSERT INTO relay_epochs (epoch, base) VALUES (0, 0)",
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
