/// Text as lines of ASCII (RFC 2045 section 6.7), of at most 76 bytes each.
enum QuotedPrintable {
  private static let lineBytes = 76
  private static let digits = Array("0123456789ABCDEF".utf8)

  /// `text` with each of its lines ended by CRLF.
  static func encoded(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count * 5 / 4 + 64)
    let lines = text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false)
    // A text that ends its last line has no empty one behind it.
    for line in lines.last?.isEmpty == true ? lines.dropLast() : lines[...] {
      append(Array(line), to: &bytes)
      bytes += [0x0d, 0x0a]
    }
    return bytes
  }

  private static func append(_ line: [UInt8], to bytes: inout [UInt8]) {
    var width = 0
    for (place, byte) in line.enumerated() {
      // White space at a line's end would get lost on the way.
      let isLast = place == line.count - 1
      let isPlain =
        (0x21...0x7e).contains(byte) && byte != UInt8(ascii: "=") || byte == 0x20 && !isLast
      let piece =
        isPlain ? [byte] : [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      // Room for the mark of a line that goes on.
      if width + piece.count > lineBytes - (isLast ? 0 : 1) {
        bytes += [UInt8(ascii: "="), 0x0d, 0x0a]
        width = 0
      }
      bytes += piece
      width += piece.count
    }
  }
}
