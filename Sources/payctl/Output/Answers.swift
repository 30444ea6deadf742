internal import Foundation

/// One result: an object for programs, named lines for people.
enum Answers {
  static func write(
    _ answer: some Encodable, _ format: OutputFormat, table: [(name: String, value: String)]
  ) throws {
    var output = StandardOutput()
    switch format {
    case .json: try output.writeLine(json(answer))
    case .table:
      let width = table.map(\.name.count).max() ?? 0
      for (name, value) in table {
        try output.writeLine(name + String(repeating: " ", count: width + 2 - name.count) + value)
      }
    }
    try output.flush()
  }

  /// One object a line.
  static func writeLines(_ answers: [some Encodable]) throws {
    var output = StandardOutput()
    for answer in answers { try output.writeLine(json(answer)) }
    try output.flush()
  }

  /// On one line, members in the order of their names, which are written with underscores.
  private static func json(_ answer: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(answer), as: UTF8.self)
  }
}
