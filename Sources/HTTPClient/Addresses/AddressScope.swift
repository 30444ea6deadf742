/// Which addresses lie in the public internet, by IANA's registries of special-purpose addresses
/// (RFC 6890). Pure.
///
/// Of IPv6 only 2000::/3 is given out for that (RFC 4291, IANA's registry of unicast space), so
/// that everything else is refused, listed or not: loopback, unspecified, link-local, unique
/// local, multicast, discard. An address that holds an IPv4 address to which others translate or
/// tunnel is as public as that one.
package enum AddressScope {
  /// A network that isn't public.
  struct Special: Sendable {
    let network: IPAddress
    let length: Int
    /// What it is, with its source.
    let meaning: String
  }

  /// Why the address isn't public; nil where it is.
  package static func refusal(of address: IPAddress) -> String? {
    if let inner = embedded(in: address) {
      return refusal(of: inner.address).map { "\($0), by \(inner.source)" }
    }
    if let special = specials.first(where: { address.begins(with: $0.network, length: $0.length) })
    {
      return special.meaning
    }
    guard !address.isVersion4 else { return nil }
    return address.begins(with: global.network, length: global.length)
      ? nil : "not \(global.meaning)"
  }

  package static func isPublic(_ address: IPAddress) -> Bool { refusal(of: address) == nil }

  private static let rows: [(network: String, length: Int, meaning: String)] = [
    ("0.0.0.0", 8, "this network (RFC 791)"),
    ("10.0.0.0", 8, "private use (RFC 1918)"),
    ("100.64.0.0", 10, "shared by a carrier's customers (RFC 6598)"),
    ("127.0.0.0", 8, "loopback (RFC 1122)"),
    // With 169.254.169.254, where clouds tell machines their secrets.
    ("169.254.0.0", 16, "link-local (RFC 3927)"),
    ("172.16.0.0", 12, "private use (RFC 1918)"),
    ("192.0.0.0", 24, "protocol assignments (RFC 6890)"),
    ("192.0.2.0", 24, "documentation (RFC 5737)"),
    ("192.88.99.0", 24, "6to4 relays (RFC 7526)"),
    ("192.168.0.0", 16, "private use (RFC 1918)"),
    ("198.18.0.0", 15, "benchmarking (RFC 2544)"),
    ("198.51.100.0", 24, "documentation (RFC 5737)"),
    ("203.0.113.0", 24, "documentation (RFC 5737)"),
    ("224.0.0.0", 4, "multicast (RFC 5771)"),
    ("240.0.0.0", 4, "reserved, and broadcast (RFC 1112, RFC 919)"),
    ("::", 128, "unspecified (RFC 4291)"),
    ("::1", 128, "loopback (RFC 4291)"),
    ("::", 96, "IPv4-compatible (RFC 4291)"),
    ("64:ff9b:1::", 48, "local translation to IPv4 (RFC 8215)"),
    ("100::", 64, "discard only (RFC 6666)"),
    ("2001::", 23, "protocol assignments, Teredo among them (RFC 2928, RFC 4380)"),
    ("2001:db8::", 32, "documentation (RFC 3849)"),
    ("3fff::", 20, "documentation (RFC 9637)"),
    ("5f00::", 16, "segment routing (RFC 9602)"),
    ("fc00::", 7, "unique local (RFC 4193)"),
    ("fe80::", 10, "link-local (RFC 4291)"),
    ("fec0::", 10, "site-local (RFC 3879)"),
    ("ff00::", 8, "multicast (RFC 4291)"),
  ]

  /// The rows, each of which must be a network: the tests count them.
  static let specials: [Special] = rows.compactMap { row in
    IPAddress(row.network).map { Special(network: $0, length: row.length, meaning: row.meaning) }
  }

  private static let global = Special(
    network: IPAddress(bytes: [0x20] + [UInt8](repeating: 0, count: 15)) ?? specials[0].network,
    length: 3, meaning: "global unicast (RFC 4291)")

  /// Networks whose addresses hold an IPv4 address, and from which byte on.
  private static let holders: [(network: Special, offset: Int)] = [
    ("::ffff:0:0", 96, 12, "an IPv4-mapped address (RFC 4291)"),
    ("64:ff9b::", 96, 12, "translation to IPv4 (RFC 6052)"),
    ("2002::", 16, 2, "6to4 (RFC 3056)"),
  ].compactMap { network, length, offset, meaning in
    IPAddress(network).map { (Special(network: $0, length: length, meaning: meaning), offset) }
  }

  /// The IPv4 address to which packets for an IPv6 address go in the end.
  private static func embedded(
    in address: IPAddress
  ) -> (address: IPAddress, source: String)? {
    for (network, offset) in holders
    where address.begins(with: network.network, length: network.length) {
      return IPAddress(bytes: Array(address.bytes[offset..<offset + 4])).map {
        ($0, network.meaning)
      }
    }
    return nil
  }
}
