package import ChainTypes

/// A record whose state is what its facts make, one after the other, and nothing else: a value that
/// knows no database and no clock.
package protocol Aggregate: Codable, Equatable, Sendable {
  /// Something that happened to it. The text of a fact is stored and digested, so that released
  /// cases never change.
  associatedtype Fact: Codable, Equatable, Sendable

  var id: String { get }
  var tenant: String { get }
  /// How many facts have been applied: the version that a writer must know.
  var version: Int64 { get }

  /// The record that its first fact makes; throws where that fact founds none.
  init(founding fact: Fact, at time: Timestamp) throws

  /// Applies a fact and answers what it tells, in order: the last words of events' types. Where
  /// there are none nothing has changed, and the fact isn't one. A refused fact throws and changes
  /// nothing.
  mutating func apply(_ fact: Fact, at time: Timestamp) throws -> [String]
}

/// A fact as it was recorded.
package struct RecordedFact<Fact: Codable & Equatable & Sendable>: Equatable, Sendable {
  /// From 1, without gaps.
  package let number: Int64
  package let time: Timestamp
  package let fact: Fact

  package init(number: Int64, time: Timestamp, fact: Fact) {
    self.number = number
    self.time = time
    self.fact = fact
  }
}

/// Why facts make no record.
package enum FoldingError: Error, Equatable {
  /// The next fact's number isn't one more than the last.
  case gap(record: String, expected: Int64, found: Int64)
  /// A fact was recorded that changes nothing.
  case idle(record: String, number: Int64)
}

extension Aggregate {
  /// The record that these facts make; nil where there are none.
  ///
  /// - Parameter known: what those before them have made
  package static func folding(
    _ facts: some Sequence<RecordedFact<Fact>>, onto known: Self? = nil
  ) throws -> Self? {
    var record = known
    for recorded in facts {
      let expected = (record?.version ?? 0) + 1
      guard recorded.number == expected else {
        throw FoldingError.gap(
          record: record?.id ?? "", expected: expected, found: recorded.number)
      }
      if record == nil {
        record = try Self(founding: recorded.fact, at: recorded.time)
      } else if try record?.apply(recorded.fact, at: recorded.time).isEmpty == true {
        throw FoldingError.idle(record: record?.id ?? "", number: recorded.number)
      }
    }
    return record
  }
}
