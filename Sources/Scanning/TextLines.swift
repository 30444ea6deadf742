/// The lines of a text that say something, without white space around them: neither blank ones nor
/// comments, which begin with `#`. Line ends are LF or CRLF.
package struct TextLines: ~Escapable {
  private let text: Span<UInt8>
  private var offset = 0
  /// Of the line that came last, from 1.
  package private(set) var number = 0

  @_lifetime(copy text)
  package init(_ text: Span<UInt8>) { self.text = text }

  @_lifetime(self: copy self)
  @_lifetime(copy self)
  package mutating func next() -> Span<UInt8>? {
    while offset < text.count {
      number += 1
      var (start, end) = (offset, offset)
      while end < text.count, text[end] != UInt8(ascii: "\n") { end += 1 }
      offset = end + 1
      while start < end, Self.isBlank(text[start]) { start += 1 }
      while start < end, Self.isBlank(text[end - 1]) { end -= 1 }
      guard start < end, text[start] != UInt8(ascii: "#") else { continue }
      return text.extracting(start..<end)
    }
    return nil
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }
}
