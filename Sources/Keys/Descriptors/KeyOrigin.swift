internal import Bytes

/// Where a key in a descriptor comes from: `[d34db33f/84h/0h/0h]`, the master key's fingerprint and
/// the path from it (BIP-0380). An offline signer needs it to find its key.
package struct KeyOrigin: Hashable, Sendable {
  package let fingerprint: UInt32
  package let path: DerivationPath

  package init(fingerprint: UInt32, path: DerivationPath) {
    self.fingerprint = fingerprint
    self.path = path
  }

  /// From what stands between the brackets; nil where that is no origin.
  init?(_ text: Substring) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let digits = parts.first, digits.utf8.count == 8,
      let bytes = try? Hex.decode(digits)
    else { return nil }
    fingerprint = bytes.reduce(0) { $0 << 8 | UInt32($1) }
    guard parts.count == 2 else {
      path = DerivationPath()
      return
    }
    guard let path = try? DerivationPath(steps: parts[1], hardenedMarks: "h'") else { return nil }
    self.path = path
  }
}

extension KeyOrigin: CustomStringConvertible {
  package var description: String {
    var bytes: [UInt8] = []
    bytes.append(bigEndian: fingerprint)
    return "[\(Hex.encode(bytes))\(path.suffix)]"
  }
}
