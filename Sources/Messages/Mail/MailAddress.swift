/// Where mail goes: `local@domain` (RFC 5321 section 4.1.2), in ASCII. The local part is a
/// dot-string; quoted ones, of which nobody makes use, could hold anything.
package struct MailAddress: Hashable, Sendable, CustomStringConvertible {
  package let text: String
  package let domain: String

  package static let maximumBytes = 254
  private static let maximumLocalBytes = 64
  private static let maximumLabelBytes = 63

  /// Nil for what isn't one.
  package init?(_ text: String) {
    guard text.utf8.count <= Self.maximumBytes else { return nil }
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].utf8.count <= Self.maximumLocalBytes else { return nil }
    let atoms = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    guard atoms.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Self.isAtomText) }) else {
      return nil
    }
    let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
    guard labels.allSatisfy(Self.isLabel) else { return nil }
    self.text = text
    domain = String(parts[1])
  }

  package var description: String { text }

  private static func isAtomText(_ byte: UInt8) -> Bool {
    isLetterOrDigit(byte) || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
  }

  private static func isLabel(_ label: Substring) -> Bool {
    let bytes = label.utf8
    guard (1...maximumLabelBytes).contains(bytes.count), bytes.first != UInt8(ascii: "-"),
      bytes.reversed().first != UInt8(ascii: "-")
    else { return false }
    return bytes.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
  }

  static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: false
    }
  }
}
