extension StringProtocol {
  /// The text with everything written out that would move a terminal's cursor, end its line or turn
  /// the order of its characters around: `\u{1b}` for an escape. For what others wrote and people
  /// read before they decide.
  package var withoutControls: String {
    var plain = ""
    for scalar in unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
        .unassigned:
        plain += "\\u{\(String(scalar.value, radix: 16))}"
      default: plain.unicodeScalars.append(scalar)
      }
    }
    return plain
  }

  /// The same of each of its lines.
  package var withPlainLines: String {
    split(separator: "\n", omittingEmptySubsequences: false).map(\.withoutControls)
      .joined(separator: "\n")
  }
}
