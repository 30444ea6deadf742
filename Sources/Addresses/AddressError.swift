package import ChainTypes

/// Why a text is no address of the network that was asked for.
package enum AddressError: Error, Equatable {
  case empty
  /// Only the first characters of the text are kept.
  case tooLong(prefix: String, characters: Int)
  /// A valid-looking address of other networks: those that write it so.
  case wrongNetwork(String, expected: BitcoinNetwork, found: [BitcoinNetwork.Kind])
  /// A Bech32 text that begins with no network's human-readable part. Other things are written in
  /// Bech32 too, secret ones among them, so the rest of the text isn't kept.
  case unknownPrefix(String)
  case invalidSegwit(String, SegwitAddress.DecodingError)
  /// Of a text longer than any Base58 address only four characters are kept: it may be a mistyped
  /// private key.
  case invalidBase58(String, Base58Check.DecodingError)
  /// A Base58Check version byte that no network gives to addresses: a private key, for one, so
  /// the text isn't kept.
  case notAnAddress(version: UInt8, bytes: Int)
}
