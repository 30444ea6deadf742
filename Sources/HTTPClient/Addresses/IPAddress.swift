internal import Glibc

/// An IPv4 or IPv6 address: 4 or 16 bytes in network order.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
  package let bytes: [UInt8]

  /// Nil for another number of bytes.
  package init?(bytes: [UInt8]) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  /// From the forms of RFC 4291 section 2.2, or four decimal numbers; nil for any other, such as
  /// numbers in octal, and for one with a zone.
  package init?(_ text: String) {
    var bytes = [UInt8](repeating: 0, count: text.contains(":") ? 16 : 4)
    let family = bytes.count == 16 ? AF_INET6 : AF_INET
    guard !text.utf8.contains(0), inet_pton(family, text, &bytes) == 1 else { return nil }
    self.bytes = bytes
  }

  package var isVersion4: Bool { bytes.count == 4 }

  package var description: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = isVersion4 ? AF_INET : AF_INET6
    guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "?" }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Whether the address begins with the first `length` bits of `network`, which has as many bytes.
  func begins(with network: IPAddress, length: Int) -> Bool {
    guard network.bytes.count == bytes.count else { return false }
    let whole = length / 8
    guard bytes.prefix(whole) == network.bytes.prefix(whole) else { return false }
    guard length % 8 > 0 else { return true }
    let mask = UInt8(truncatingIfNeeded: 0xff00 >> (length % 8))
    return (bytes[whole] ^ network.bytes[whole]) & mask == 0
  }
}
