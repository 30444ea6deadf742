package import Bytes
internal import Digests

/// What a customer shows to be handed an order: 80 random bits as 16 characters of Crockford's
/// base32 (crockford.com/base32.html). A secret: nothing shows it that isn't meant to.
///
/// People read it aloud and type it, so it is taken without regard to case, hyphens and spaces, and
/// with I and L for 1, O for 0.
package struct ClaimCode: Sendable, Equatable {
  /// 16 characters, letters as capitals.
  package let text: String

  package static let length = 16
  /// What a text with one has at most: room for hyphens and spaces.
  package static let maximumTextBytes = 64

  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

  /// From 80 of 128 random bits.
  package init(random: (UInt64, UInt64)) {
    var bits = UInt128(random.0) << 16 | UInt128(random.1 & 0xffff)
    var characters = [UInt8](repeating: 0, count: Self.length)
    for place in characters.indices.reversed() {
      characters[place] = Self.alphabet[Int(bits & 31)]
      bits >>= 5
    }
    text = String(decoding: characters, as: UTF8.self)
  }

  /// As somebody has written it; nil where that can't be a code.
  package init?(_ written: some StringProtocol) {
    guard written.utf8.count <= Self.maximumTextBytes else { return nil }
    var characters: [UInt8] = []
    for byte in written.utf8 where byte != UInt8(ascii: "-") && byte != UInt8(ascii: " ") {
      guard let character = Self.character(for: byte) else { return nil }
      characters.append(character)
    }
    guard characters.count == Self.length else { return nil }
    text = String(decoding: characters, as: UTF8.self)
  }

  private static func character(for byte: UInt8) -> UInt8? {
    let isSmall = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    let capital = isSmall ? byte - 0x20 : byte
    switch capital {
    case UInt8(ascii: "I"), UInt8(ascii: "L"): return UInt8(ascii: "1")
    case UInt8(ascii: "O"): return UInt8(ascii: "0")
    default: return alphabet.contains(capital) ? capital : nil
    }
  }

  /// For people: `4-4-4-4`.
  package var grouped: String {
    stride(from: 0, to: Self.length, by: 4).map { start in
      String(text.dropFirst(start).prefix(4))
    }.joined(separator: "-")
  }

  /// SHA-256 over the claim's id and the code, which is all that facts know of it. Enough for 80
  /// random bits: who has the digest would have to try them all, for each claim anew.
  package func digest(of claim: String) -> Hash32 {
    SHA256.hash(Array("\(claim)\n\(text)".utf8))
  }

  /// What a claim's QR code says: `PAYWATCH:CLM/` with the characters of the claim's id, a stroke
  /// and the code. In capitals, which make a small symbol; schemes and ids are read without regard
  /// to case.
  package func uri(of claim: String) -> String {
    "paywatch:\(claim.replacing("_", with: "/"))/\(text)".uppercased()
  }
}

extension ClaimCode: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Not the code: a log line or a failed test must not tell it.
  package var description: String { "<claim code>" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
