package import Addresses
package import ChainTypes

/// Why a text is no extended key that can be used here. No case ever holds the text: it may be, or
/// nearly be, a private key.
package enum ExtendedKeyError: Error, Equatable {
  /// A private key where a public one belongs; `version` is the four characters such keys begin
  /// with (`xprv`, `zprv`, …). Treat that key as exposed.
  case privateKey(version: String)
  /// A public key where `payctl` needs a private one.
  case publicKey(version: String)
  /// `version` belongs to another network: `vpub` on mainnet, for one.
  case wrongNetwork(version: String, expected: BitcoinNetwork)
  case unknownVersion(UInt32)
  case invalidText(Base58Check.DecodingError)
  case wrongLength(bytes: Int)
  case invalidPublicKey(PublicKey.ParsingError)
  case invalidPrivateKey
  /// Depth 0 with a parent, or with a number: nobody derives such keys.
  case masterWithParent(fingerprint: UInt32)
  case masterWithNumber(ChildNumber)
  /// BIP-0032 takes seeds of 16 to 64 bytes.
  case invalidSeedLength(bytes: Int)
  /// The seed gives no master key, with a chance below 1 in 2¹²⁷.
  case unusableSeed
}
