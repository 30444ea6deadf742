package import Bytes

/// How a family of chains writes the hashes of its blocks and transactions.
package enum HashForm: Sendable, Hashable {
  /// 64 digits, the bytes in the reverse of their internal order.
  case bitcoin
  /// `0x` and 64 digits, the bytes in their order.
  case ethereum
}

extension HashForm {
  /// That of a family by its name in the database.
  package init(family: String) {
    self = family == "ethereum" ? .ethereum : .bitcoin
  }
}

extension Hash32 {
  /// From what `text` gives, in either form.
  package init(text: some StringProtocol) throws(Hex.DecodingError) {
    if text.hasPrefix("0x") {
      try self.init(hex: text.dropFirst(2))
    } else {
      try self.init(displayHex: text)
    }
  }

  package func text(_ form: HashForm) -> String {
    switch form {
    case .bitcoin: displayHex
    case .ethereum: "0x\(hex)"
    }
  }
}

extension BlockRef {
  /// `height:hash`.
  package func text(_ form: HashForm) -> String { "\(height):\(hash.text(form))" }
}
