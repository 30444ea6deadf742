/// Why a text is no account whose addresses an EVM chain can be paid to. No case holds the key's
/// text.
package enum EthereumAccountError: Error, Equatable {
  case tooLong(characters: Int)
  case key(KeyExpressionError)
  /// An account needs its origin in brackets: the offline signer finds its key by it, and it tells
  /// the region's account.
  case missingOrigin
  /// The origin isn't `44h/COIN/ACCOUNTh` with one of these coin types (BIP-0044).
  case wrongPath(DerivationPath, coinTypes: [UInt32])
  /// The key isn't the one at the origin's path: its depth or its number is another.
  case keyNotAtPath(DerivationPath)
  /// What stands behind the key isn't `/BRANCH/*`.
  case notAnAccount
  case derivation(DerivationError)
}
