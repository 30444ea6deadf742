/// Turns `$1` into SQLite's `?1`, so that a number means the same argument in both engines.
///
/// SQLite reads `$1` as a name and would number parameters in the order in which they appear.
/// Text in quotes and comments stays as it is.
enum ParameterRewriting {
  static func rewrite(_ sql: String) -> String {
    var output: [UInt8] = []
    let input = Array(sql.utf8)
    output.reserveCapacity(input.count)
    var index = 0
    while index < input.count {
      let end = endOfLiteral(in: input, from: index)
      if end > index {
        output.append(contentsOf: input[index..<end])
        index = end
        continue
      }
      let isParameter =
        input[index] == UInt8(ascii: "$") && index + 1 < input.count
        && isDigit(input[index + 1])
        && (index == 0 || !isNameByte(input[index - 1]))
      output.append(isParameter ? UInt8(ascii: "?") : input[index])
      index += 1
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// The word a statement begins with, in upper case: `SELECT`, `BEGIN`, …
  static func firstWord(_ sql: String) -> String {
    let input = Array(sql.utf8)
    var start = 0
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
    return String(decoding: word, as: UTF8.self).uppercased()
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
