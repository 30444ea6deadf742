package import Database

/// How an aggregate stands in the database and before the world.
package protocol Recorded: Aggregate {
  static var names: RecordNames { get }

  /// What queries look at, beside the columns that all have: what never changes,
  var fixedColumns: [(name: String, value: SQLValue)] { get }
  /// and what facts move.
  var columns: [(name: String, value: SQLValue)] { get }

  /// The record as responses and events show it: a JSON object that is always the same text.
  ///
  /// - Parameter step: for events: the one that they tell
  func document(telling step: RecordStep<Self>?) -> String
}

/// What an event tells of a record, which is as the fact left it.
package struct RecordStep<Record: Aggregate>: Sendable {
  /// The record before; nil where the fact founded it.
  package let before: Record?
  package let fact: Record.Fact
}

/// The names under which a service keeps and tells its records.
package struct RecordNames: Sendable, Equatable {
  /// The table with a row for each record: `orders`.
  package let table: String
  /// The column of its key: `order_id`.
  package let id: String
  /// The table of the facts: `order_facts`.
  package let facts: String
  /// The identifiers': `ord`.
  package let prefix: String
  /// The first word of events' types: `order`.
  package let event: String

  package init(table: String, id: String, facts: String, prefix: String, event: String) {
    self.table = table
    self.id = id
    self.facts = facts
    self.prefix = prefix
    self.event = event
  }
}
