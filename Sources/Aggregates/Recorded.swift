package import Cache
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

  /// The fact without the words of people that are to be forgotten one day, and those by names of
  /// the record's own. They are kept apart from the facts (`RecordNames.words`), which stay.
  static func parting(_ fact: Fact) -> (fact: Fact, words: [String: String])
  /// The fact with such words again.
  static func joining(_ words: [String: String], to fact: Fact) -> Fact

  /// Under which documents made of it may be cached: what is written is deleted there.
  var cacheKeys: [CacheKey] { get }
}

extension Recorded {
  package static func parting(_ fact: Fact) -> (fact: Fact, words: [String: String]) {
    (fact, [:])
  }

  package static func joining(_ words: [String: String], to fact: Fact) -> Fact { fact }

  package var cacheKeys: [CacheKey] { [] }
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
  /// The table of words that can be forgotten: `order_words`; nil where facts hold none.
  package let words: String?

  package init(
    table: String, id: String, facts: String, prefix: String, event: String, words: String? = nil
  ) {
    self.table = table
    self.id = id
    self.facts = facts
    self.prefix = prefix
    self.event = event
    self.words = words
  }
}
