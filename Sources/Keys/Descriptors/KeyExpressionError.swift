/// What is wrong with a key in a descriptor. No case holds the text, which may be a private key;
/// positions count the steps behind the key from 0.
package enum KeyExpressionError: Error, Equatable {
  case missingKey
  /// A space, tab or line end; nothing is trimmed.
  case whiteSpace(offset: Int)
  case invalidCharacter(offset: Int)
  /// What stands in brackets isn't eight hexadecimal digits and steps, or isn't in front.
  case invalidOrigin
  /// `xprv` and its like, or `WIF`: treat that key as exposed.
  case privateKey(String)
  case extendedKey(ExtendedKeyError)
  case publicKey(PublicKey.ParsingError)
  /// `ypub`, `zpub` and their like say what the descriptor says already:
  /// `Descriptor(accountKey:network:branch:)` takes them.
  case versionOfOneScript(String)
  case invalidStep(position: Int)
  /// Only the private key has hardened children.
  case hardenedAfterPublicKey(position: Int)
  /// A single key has no children.
  case stepsAfterSingleKey
  /// `<0;1>` (BIP-0389) stands for several descriptors: give one for each branch.
  case severalPaths
}
