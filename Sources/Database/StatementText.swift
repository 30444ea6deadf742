/// What the adapters must know of a statement before an engine sees it.
package struct StatementText: Sendable, Hashable {
  package let sql: String
  /// The highest `$number` in it; 0 where it takes no arguments.
  package let parameterCount: Int
  /// Whether it begins with SELECT, and so changes no row.
  package let isSelect: Bool

  /// Throws `DatabaseError.transactionControl` where the statement would begin or end a
  /// transaction, change what outlives it, or say for whom it runs: the connection is shared, and
  /// only the adapter does that.
  package init(_ sql: String) throws(DatabaseError) {
    let input = Array(sql.utf8)
    let (first, end) = Self.word(in: input, from: 0)
    let isRefused =
      first == "SET" ? !Self.isLocalSetting(input, from: end) : Self.refused.contains(first)
    guard !isRefused, !sql.lowercased().contains("set_config") else {
      throw .transactionControl(sql: sql)
    }
    self.init(trusted: sql)
  }

  /// One of an adapter's own.
  package init(trusted sql: String) {
    let input = Array(sql.utf8)
    self.sql = sql
    isSelect = Self.word(in: input, from: 0).text == "SELECT"
    parameterCount = Self.parameters(in: input).map(\.number).max() ?? 0
  }

  /// Whether what follows SET holds for the transaction only and doesn't say for whom it runs.
  private static func isLocalSetting(_ input: [UInt8], from start: Int) -> Bool {
    let (scope, end) = word(in: input, from: start)
    let name = word(in: input, from: end).text
    return scope == "LOCAL" && !["ROLE", "SESSION", "PAYWATCH"].contains(name)
  }

  private static let refused: Set<String> = [
    "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "PREPARE",
    "DEALLOCATE", "ATTACH", "DETACH", "VACUUM", "DISCARD", "SET", "RESET", "COPY", "LISTEN",
  ]

  /// Where each parameter's `$` stands, and its number; text in quotes and comments has none.
  package static func parameters(in input: [UInt8]) -> [(index: Int, number: Int)] {
    var found: [(index: Int, number: Int)] = []
    var index = 0
    while index < input.count {
      let end = endOfLiteral(in: input, from: index)
      if end > index {
        index = end
        continue
      }
      if input[index] == UInt8(ascii: "$"), index == 0 || !isNameByte(input[index - 1]) {
        // More digits than any engine takes are no parameter, and no overflow.
        let digits = input[(index + 1)...].prefix(while: isDigit).prefix(6)
        if !digits.isEmpty {
          found.append((index, digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }))
        }
      }
      index += 1
    }
    return found
  }

  /// The next word from `start`, in upper case, and where it ends.
  private static func word(in input: [UInt8], from start: Int) -> (text: String, end: Int) {
    var start = start
    while start < input.count {
      if isComment(input, at: start) {
        start = endOfLiteral(in: input, from: start)
      } else if isNameByte(input[start]) {
        break
      } else {
        start += 1
      }
    }
    let word = input[start...].prefix(while: isNameByte)
    return (String(decoding: word, as: UTF8.self).uppercased(), word.endIndex)
  }

  /// Where the quoted text or comment that begins at `start` ends; `start` where none does.
  private static func endOfLiteral(in input: [UInt8], from start: Int) -> Int {
    if isComment(input, at: start) {
      if input[start] == UInt8(ascii: "-") {
        return input[start...].firstIndex(of: UInt8(ascii: "\n")) ?? input.count
      }
      var index = start + 2
      while index + 1 < input.count {
        if input[index] == UInt8(ascii: "*"), input[index + 1] == UInt8(ascii: "/") {
          return index + 2
        }
        index += 1
      }
      return input.count
    }
    let quote = input[start]
    guard quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return start }
    // A doubled quote inside ends one run and begins the next, which comes to the same.
    let rest = input[(start + 1)...]
    return rest.firstIndex(of: quote).map { $0 + 1 } ?? input.count
  }

  private static func isComment(_ input: [UInt8], at index: Int) -> Bool {
    guard index + 1 < input.count else { return false }
    let pair = (input[index], input[index + 1])
    return pair == (UInt8(ascii: "-"), UInt8(ascii: "-"))
      || pair == (UInt8(ascii: "/"), UInt8(ascii: "*"))
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte == UInt8(ascii: "_") || byte >= 0x80
      || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a)
  }
}
