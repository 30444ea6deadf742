internal import Database

/// A way on which somebody is told something.
package enum ChannelName: String, Sendable, CaseIterable {
  case webhook
  case email
  case push

  init(_ row: SQLRow) throws {
    let word = try row.text("channel")
    guard let name = ChannelName(rawValue: word) else {
      throw DatabaseError.unexpectedValue(column: "channel", expected: "a channel", found: word)
    }
    self = name
  }
}
