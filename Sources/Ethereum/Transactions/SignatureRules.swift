internal import Keys

/// Which signatures a fork accepts.
///
/// A transaction of a verified block has been judged by consensus; this is for those that stand in
/// none, and for tests.
package enum SignatureRules: Int, Sendable, Comparable, CaseIterable {
  case frontier
  /// `s` in the lower half of the group's order (EIP-2).
  case homestead
  /// Legacy transactions may be bound to a chain (EIP-155).
  case spuriousDragon
  /// Transactions of type 1.
  case berlin
  /// Of type 2.
  case london
  /// Of type 3.
  case cancun
  /// Of type 4.
  case prague

  package static func < (a: SignatureRules, b: SignatureRules) -> Bool { a.rawValue < b.rawValue }

  /// Whether `transaction` has a form that the fork knows, and a signature that some key made and
  /// the fork accepts. A deposit has none and is never sent.
  package func accept(_ transaction: EthereumTransaction) -> Bool {
    let since: SignatureRules
    switch transaction.form {
    case .legacy(_, let chainID): since = chainID == nil ? .frontier : .spuriousDragon
    case .accessList: since = .berlin
    case .dynamicFee: since = .london
    case .blob: since = .cancun
    case .setCode: since = .prague
    case .deposit: return false
    }
    guard self >= since, let signature = transaction.signature, transaction.sender != nil else {
      return false
    }
    return self < .homestead || signature.isLow
  }
}
