internal import Aggregates
internal import Bytes
internal import Settlement

/// One result: an object for programs, named lines for people.
enum Answers {
  static func write(
    _ answer: some Encodable, _ format: OutputFormat, table: [(name: String, value: String)]
  ) throws {
    switch format {
    case .json: try writeLines([answer])
    case .table: try writeTable(table)
    }
  }

  static func writeTable(_ table: [(name: String, value: String)]) throws {
    var output = StandardOutput()
    let width = table.map(\.name.count).max() ?? 0
    for (name, value) in table {
      try output.writeLine(
        name + String(repeating: " ", count: width + 2 - name.count) + value.withoutControls)
    }
    try output.flush()
  }

  /// Lines for people.
  static func writeSentences(_ sentences: [String]) throws {
    try writeLines(texts: sentences.map(\.withoutControls))
  }

  /// One object a line, each a JSON text already.
  static func writeLines(texts: [String]) throws {
    var output = StandardOutput()
    for text in texts { try output.writeLine(text) }
    try output.flush()
  }

  /// One object a line.
  static func writeLines(_ answers: [some Encodable]) throws {
    var output = StandardOutput()
    for answer in answers { try output.writeLine(CanonicalJSON.document(answer)) }
    try output.flush()
  }

}
