/// A network's name as it stands in `chains/*.yaml`, requests, rows and events: `bitcoin`,
/// `bitcoin-testnet4`, `bitcoin-regtest`, `ethereum`, …
package struct ChainName: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let text: String

  /// 1 to 40 characters of `a–z`, `0–9` and `-`; nil otherwise.
  package init?(_ text: String) {
    let allowed = text.utf8.allSatisfy {
      ($0 >= 0x61 && $0 <= 0x7a) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2d
    }
    guard allowed, (1...40).contains(text.utf8.count) else { return nil }
    self.text = text
  }

  package var description: String { text }

  package static func < (a: ChainName, b: ChainName) -> Bool { a.text < b.text }
}
