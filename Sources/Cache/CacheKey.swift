/// A name with how long what stands under it lives.
package struct CacheKey: Sendable, Hashable {
  package let text: String
  /// Above 0.
  package let lifetimeMilliseconds: Int64

  package static let longestLifetimeMilliseconds: Int64 = 30 * 86_400_000

  /// A name of words joined by colons; what would be taken for a colon or a pattern in a word is
  /// written as `%3A`, so that no id can name another's entry.
  package init(_ words: [String], lifetimeMilliseconds: Int64) throws(CacheError) {
    // Before anything is allocated for it.
    let size = words.reduce(0) { $0 + $1.utf8.count }
    guard (1...CacheLimits.keyBytes).contains(size) else { throw .invalidKey(bytes: size) }
    let text = words.map(Self.escaped).joined(separator: ":")
    guard text.utf8.count <= CacheLimits.keyBytes else {
      throw .invalidKey(bytes: text.utf8.count)
    }
    self.text = text
    self.lifetimeMilliseconds = min(
      max(1, lifetimeMilliseconds), Self.longestLifetimeMilliseconds)
  }

  private static func escaped(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy(isPlain)
    guard !isPlain else { return word }
    var bytes: [UInt8] = []
    for byte in word.utf8 {
      if self.isPlain(byte) {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 15)]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
      UInt8(ascii: "."):
      true
    default: false
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }
}
