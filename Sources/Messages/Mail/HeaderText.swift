internal import Bytes

/// Text in a header of a mail, where only ASCII may stand.
enum HeaderText {
  /// As it is where it is short and plain, else as encoded words (RFC 2047) of base64, each on a
  /// line of its own. No word parts a character; no line has more than 76 bytes, with the longest
  /// of our headers' names before the first.
  static func encoded(_ text: String) -> String {
    guard !isPlain(text) else { return text }
    var words: [String] = []
    var bytes: [UInt8] = []
    func flush() {
      guard !bytes.isEmpty else { return }
      words.append("=?UTF-8?B?\(Base64.encode(bytes))?=")
      bytes = []
    }
    for scalar in text.unicodeScalars where !isControl(scalar) {
      let encoded = Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      if bytes.count + encoded.count > wordBytes { flush() }
      bytes += encoded
    }
    flush()
    return words.joined(separator: "\r\n ")
  }

  private static let wordBytes = 36
  private static let plainBytes = 60

  /// Letters, digits and single spaces between them with some marks: nothing that needs quotes
  /// before an address.
  private static func isPlain(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard bytes.count <= plainBytes, bytes.first != 0x20, bytes.last != 0x20 else { return false }
    return bytes.allSatisfy { MailAddress.isLetterOrDigit($0) || $0 == 0x20 || $0 == 0x2d }
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
  }
}
