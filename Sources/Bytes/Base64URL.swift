extension Base64 {
  /// Base64 for URLs (RFC 4648 section 5), without padding, as tokens have it (RFC 7515).
  package static func encodeURL(_ bytes: [UInt8]) -> String {
    let text = encode(bytes).utf8.compactMap { character -> UInt8? in
      switch character {
      case UInt8(ascii: "+"): UInt8(ascii: "-")
      case UInt8(ascii: "/"): UInt8(ascii: "_")
      case UInt8(ascii: "="): nil
      default: character
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes that `text` stands for; nil for other characters, padding among them, and bits
  /// behind the last byte that aren't zero, so that bytes have one text only.
  package static func decodeURL(_ text: some StringProtocol) -> [UInt8]? {
    var plain: [UInt8] = []
    plain.reserveCapacity(text.utf8.count + 2)
    for character in text.utf8 {
      switch character {
      case UInt8(ascii: "-"): plain.append(UInt8(ascii: "+"))
      case UInt8(ascii: "_"): plain.append(UInt8(ascii: "/"))
      case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
      default: plain.append(character)
      }
    }
    while plain.count % 4 != 0 { plain.append(UInt8(ascii: "=")) }
    return decode(String(decoding: plain, as: UTF8.self))
  }
}
