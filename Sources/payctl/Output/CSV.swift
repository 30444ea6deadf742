internal import ArgumentParser

/// Comma-separated values (RFC 4180).
enum CSV {
  /// A record without its line break. Fields with commas, quotes or line breaks stand in quotes.
  static func line(_ fields: [String]) -> String {
    fields.map(field).joined(separator: ",")
  }

  private static func field(_ text: String) -> String {
    let isPlain = !text.utf8.contains { byte in
      byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n")
        || byte == UInt8(ascii: "\r")
    }
    guard !isPlain else { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" { quoted.unicodeScalars.append("\"") }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }
}

/// How lists of amounts are written.
enum BooksFormat: String, ExpressibleByArgument, CaseIterable {
  /// For people.
  case table
  /// For spreadsheets: RFC 4180 with a line of names first, each line ending in CR LF.
  case csv
  /// For programs: one object a line.
  case json
}
