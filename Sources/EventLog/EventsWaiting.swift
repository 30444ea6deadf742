package import ChainTypes
package import Database

/// Events that were appended and have no position yet, so that nobody reads them.
package struct EventsWaiting: Sendable, Equatable {
  package let count: Int64
  /// The time of the first of them; nil where there is none.
  package let oldest: Timestamp?

  package init(in connection: any SQLConnection) throws {
    let row = try connection.queryFirst(
      "SELECT COUNT(*) AS count, MIN(time) AS oldest FROM outbox")
    count = try row?.integer("count") ?? 0
    oldest = try row?.optionalInteger("oldest").map { Timestamp(microseconds: $0) }
  }
}
