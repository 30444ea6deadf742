/// Hex-prefix encoding: nibbles, and whether they lead to a leaf, in bytes (yellow paper,
/// appendix C).
///
/// The first nibble is 2 for a leaf plus 1 for an odd number of nibbles; where they are even, a
/// zero nibble follows it. A decoder that is lax about either accepts several encodings of one path
/// and with them proofs that nobody's trie holds (Polygon's two million dollar bounty of 2021).
enum HexPrefix {
  /// Nil where `bytes` aren't the encoding of a path: no bytes, another flag, a padding that isn't
  /// zero.
  static func decode(_ bytes: [UInt8]) -> (nibbles: [UInt8], isLeaf: Bool)? {
    guard let first = bytes.first, first >> 4 <= 3 else { return nil }
    let isOdd = first & 0x10 != 0
    guard isOdd || first & 0x0f == 0 else { return nil }
    var nibbles: [UInt8] = isOdd ? [first & 0x0f] : []
    for byte in bytes.dropFirst() {
      nibbles.append(byte >> 4)
      nibbles.append(byte & 0x0f)
    }
    return (nibbles, first & 0x20 != 0)
  }
}
