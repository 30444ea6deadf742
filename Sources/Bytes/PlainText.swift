extension StringProtocol {
  /// The text with everything written out that would move a terminal's cursor, end its line or turn
  /// the order of its characters around: `\u{1b}` for an escape. For what others wrote and people
  /// read before they decide.
  package var withoutControls: String {
    var plain = ""
    for scalar in unicodeScalars {
      if scalar.isPlain {
        plain.unicodeScalars.append(scalar)
      } else {
        plain += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return plain
  }

  /// Whether nothing in it has to be written out so.
  package var isPlain: Bool { unicodeScalars.allSatisfy(\.isPlain) }

  /// The same of each of its lines.
  package var withPlainLines: String {
    split(separator: "\n", omittingEmptySubsequences: false).map(\.withoutControls)
      .joined(separator: "\n")
  }
}

extension Unicode.Scalar {
  fileprivate var isPlain: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
      .unassigned:
      false
    default: true
    }
  }
}
