package import Bytes

/// What a transaction uses up on its chain, which nothing else then can: an output on Bitcoin, an
/// account's nonce on EVM chains.
package enum OutgoingSlot: Hashable, Sendable, CustomStringConvertible {
  case outpoint(Outpoint)
  case nonce(account: Hash20, UInt64)

  /// `txid:vout` with the txid as people write it, or `0x…/nonce`.
  package var description: String {
    switch self {
    case .outpoint(let outpoint): outpoint.description
    case .nonce(let account, let nonce): "0x\(account.hex)/\(nonce)"
    }
  }

  /// The output; nil where it is none.
  package var outpoint: Outpoint? {
    if case .outpoint(let outpoint) = self { outpoint } else { nil }
  }

  /// From its text; nil where it is none.
  package init?(_ text: String) {
    if text.hasPrefix("0x") {
      let parts = text.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2, let account = try? Hash20(hex: parts[0]), let nonce = UInt64(parts[1])
      else { return nil }
      self = .nonce(account: account, nonce)
    } else {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, let txid = try? Hash32(displayHex: parts[0]),
        let vout = UInt32(parts[1])
      else { return nil }
      self = .outpoint(Outpoint(txid: txid, vout: vout))
    }
  }
}
