package import Addresses
internal import Bytes
internal import Digests

extension EthereumAddress {
  /// The account of a public key: the last 20 bytes of the Keccak-256 of its 64 coordinate bytes.
  package init(_ key: PublicKey) {
    let digest = Keccak256.hash(Array(key.uncompressed.dropFirst())).bytes
    self.init(Hash20(bytes: digest.span.bytes, at: 12))
  }
}
