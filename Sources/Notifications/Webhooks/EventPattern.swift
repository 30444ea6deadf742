/// Which types of events somebody wants: `*`, all of a family (`payment.*`), or one
/// (`payment.paid`).
package struct EventPattern: Hashable, Sendable, Codable {
  package let text: String

  private static let maximumBytes = 100

  /// Nil where it is none: words of `a–z`, `0–9` and `_`, separated by dots, and `*` only alone or
  /// as the second of two.
  package init?(_ text: String) {
    let words = text.split(separator: ".", omittingEmptySubsequences: false)
    let isWord: (Substring) -> Bool = { word in
      !word.isEmpty
        && word.utf8.allSatisfy {
          (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5f
        }
    }
    let isFamily = words.count == 2 && words[1] == "*" && isWord(words[0])
    let isType = words.count > 1 && words.allSatisfy(isWord)
    guard text.utf8.count <= Self.maximumBytes, text == "*" || isFamily || isType else {
      return nil
    }
    self.text = text
  }

  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let pattern = EventPattern(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "no pattern"))
    }
    self = pattern
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  package func matches(_ type: String) -> Bool {
    if text == "*" { return true }
    guard text.hasSuffix(".*") else { return text == type }
    return type.hasPrefix(text.dropLast())
  }
}
