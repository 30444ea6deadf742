/// What others wrote, made fit to stand in a message of ours: names of shops and goods, notes.
///
/// Nothing in it can end a line, begin a header, turn the order of what stands around it, hide, or
/// be without end.
package enum ForeignText {
  /// One line of at most `scalars` Unicode scalars, cut between characters and marked where it is
  /// cut. White space of any kind is a space; controls, formats (those that turn writing directions
  /// among them), and what no writing has are left out. What is written from right to left stands
  /// between isolates (UAX #9), so that numbers beside it stay where they are.
  package static func line(_ text: some StringProtocol, scalars limit: Int) -> String {
    var plain = ""
    var isRightToLeft = false
    // What is dropped takes time, too.
    for scalar in text.unicodeScalars.prefix(8 * limit + 64) {
      if scalar.properties.isWhitespace {
        if !plain.isEmpty, plain.unicodeScalars.last != " " { plain.unicodeScalars.append(" ") }
      } else if isKept(scalar) {
        plain.unicodeScalars.append(scalar)
        isRightToLeft = isRightToLeft || isRightToLeftLetter(scalar)
      }
    }
    if plain.unicodeScalars.last == " " { plain.unicodeScalars.removeLast() }
    plain = cut(plain, limit)
    return isRightToLeft ? "\u{2068}\(plain)\u{2069}" : plain
  }

  private static func cut(_ text: String, _ limit: Int) -> String {
    guard text.unicodeScalars.count > limit else { return text }
    var kept = ""
    var room = limit - 1
    for character in text {
      // A letter under a heap of marks is cut, too.
      guard character.unicodeScalars.count <= min(room, 16) else { break }
      room -= character.unicodeScalars.count
      kept.append(character)
    }
    return kept + "…"
  }

  private static func isKept(_ scalar: Unicode.Scalar) -> Bool {
    // Joiners make letters of Indic and Persian writing, and emoji, what they are.
    if scalar.value == 0x200c || scalar.value == 0x200d { return true }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
      .unassigned:
      return false
    default: return !scalar.properties.isDefaultIgnorableCodePoint || isVariation(scalar)
    }
  }

  /// Variation selectors choose between a character's forms.
  private static func isVariation(_ scalar: Unicode.Scalar) -> Bool {
    (0xfe00...0xfe0f).contains(scalar.value)
  }

  /// By the blocks of scripts that run from right to left.
  private static func isRightToLeftLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0590...0x08ff, 0xfb1d...0xfdff, 0xfe70...0xfeff, 0x1_0800...0x1_0fff,
      0x1_e800...0x1_efff:
      true
    default: false
    }
  }
}
