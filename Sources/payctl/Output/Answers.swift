internal import Settlement

/// One result: an object for programs, named lines for people.
enum Answers {
  static func write(
    _ answer: some Encodable, _ format: OutputFormat, table: [(name: String, value: String)]
  ) throws {
    var output = StandardOutput()
    switch format {
    case .json: try output.writeLine(CanonicalJSON.text(answer))
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
    for answer in answers { try output.writeLine(CanonicalJSON.text(answer)) }
    try output.flush()
  }
}
