package import Database

/// What consumers have done, in the database of their own tables: a transaction that handles an
/// event notes here that it has, and both hold or neither.
package enum Inbox {
  /// The component under which `Migrator` keeps these steps.
  package static let component = "inbox"

  package static let maximumNameBytes = 128

  package static let migrations = [
    Migration(number: 1, name: "consumers, their places and what they parked") { dialect in
      let integer = dialect.integer
      return [
        dialect.createTable(
          "inbox_consumers",
          """
            consumer TEXT PRIMARY KEY CHECK (length(consumer) BETWEEN 1 AND 128),
            starts TEXT NOT NULL CHECK (starts IN ('beginning', 'now'))
          """),
        // `source` is a partition such as `log/0`; `next` is the offset to read next.
        dialect.createTable(
          "inbox_places",
          """
            consumer TEXT NOT NULL,
            source TEXT NOT NULL,
            next \(integer) NOT NULL CHECK (next >= 0),
            PRIMARY KEY (consumer, source)
          """),
        // `recent_ids`: the 32-byte ids of the last events, up to `last_sequence`.
        dialect.createTable(
          "inbox_subjects",
          """
            consumer TEXT NOT NULL,
            subject TEXT NOT NULL,
            last_sequence \(integer) CHECK (last_sequence >= 0),
            recent_ids \(dialect.blob) NOT NULL CHECK (length(recent_ids) % 32 = 0),
            parked \(integer) NOT NULL CHECK (parked >= 0),
            PRIMARY KEY (consumer, subject)
          """),
        // `due`: when it is handled next, in microseconds; null where something else must happen
        // first. `message_bytes` counts what came, `message` is its beginning at least.
        dialect.createTable(
          "inbox_parked",
          """
            consumer TEXT NOT NULL,
            source TEXT NOT NULL,
            place \(integer) NOT NULL CHECK (place >= 0),
            subject TEXT,
            sequence \(integer),
            event_id \(dialect.blob),
            reason TEXT NOT NULL,
            detail TEXT NOT NULL,
            attempts \(integer) NOT NULL CHECK (attempts >= 0),
            due \(integer),
            parked_at \(integer) NOT NULL,
            traceparent TEXT,
            message \(dialect.blob) NOT NULL,
            message_bytes \(integer) NOT NULL,
            PRIMARY KEY (consumer, source, place)
          """),
        "CREATE INDEX inbox_parked_by_subject ON inbox_parked (consumer, subject, sequence)",
        "CREATE INDEX inbox_parked_due ON inbox_parked (consumer, due) WHERE due IS NOT NULL",
      ]
    }
  ]
}
