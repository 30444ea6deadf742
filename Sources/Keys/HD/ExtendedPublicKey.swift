package import Bytes
package import ChainTypes
internal import Digests

/// A public key with a chain code, from which unhardened children derive (BIP-0032).
package struct ExtendedPublicKey: Hashable, Sendable {
  package let key: PublicKey
  package let chainCode: Hash32
  /// 0 for a master key.
  package let depth: UInt8
  /// The first four bytes of the parent's HASH160; 0 for a master key.
  package let parentFingerprint: UInt32
  package let childNumber: ChildNumber

  init(
    key: PublicKey, chainCode: Hash32, depth: UInt8, parentFingerprint: UInt32,
    childNumber: ChildNumber
  ) {
    self.key = key
    self.chainCode = chainCode
    self.depth = depth
    self.parentFingerprint = parentFingerprint
    self.childNumber = childNumber
  }

  /// From `xpub…` on mainnet or `tpub…` on test networks, or from the versions that SLIP-0132 gives
  /// keys of one script (`ypub`, `zpub`, `upub`, `vpub`, and the multisig ones in capitals).
  ///
  /// Whatever holds a private key is refused.
  package init(_ text: String, network: BitcoinNetwork) throws(ExtendedKeyError) {
    self = try Self.parse(text, network: network).key
  }

  /// The key and the version it was written with.
  static func parse(
    _ text: String, network: BitcoinNetwork
  ) throws(ExtendedKeyError) -> (key: ExtendedPublicKey, version: ExtendedKeyVersion) {
    // Told by its first characters, a mistyped private key is still called one.
    if let named = ExtendedKeyVersion.named(prefixOf: text), named.isPrivate {
      throw .privateKey(version: named.name)
    }
    let fields = try ExtendedKeyFields(text: text)
    guard let version = ExtendedKeyVersion.version(fields.version) else {
      throw .unknownVersion(fields.version)
    }
    guard !version.isPrivate else { throw .privateKey(version: version.name) }
    // A zero byte before 32 others is a private key under a public version.
    guard fields.key.first != 0 else { throw .privateKey(version: version.name) }
    guard version.belongs(to: network) else {
      throw .wrongNetwork(version: version.name, expected: network)
    }
    try fields.checkMaster()
    do {
      let key = ExtendedPublicKey(
        key: try PublicKey(fields.key), chainCode: fields.chainCode, depth: fields.depth,
        parentFingerprint: fields.parentFingerprint, childNumber: fields.childNumber)
      return (key, version)
    } catch {
      throw .invalidPublicKey(error)
    }
  }

  /// `xpub…` on mainnet, `tpub…` on test networks.
  package func text(network: BitcoinNetwork) -> String {
    let version: ExtendedKeyVersion = network.kind == .mainnet ? .xpub : .tpub
    return ExtendedKeyFields(
      version: version.number, depth: depth, parentFingerprint: parentFingerprint,
      childNumber: childNumber, chainCode: chainCode, key: key.compressed
    ).text
  }

  /// The first four bytes of the key's HASH160, most significant first: how children and key
  /// origins name it.
  package var fingerprint: UInt32 {
    key.hash160.withUnsafeBytes { UInt32(bigEndian: $0.loadUnaligned(as: UInt32.self)) }
  }

  /// For deriving many children of this key.
  package var children: PublicChildDeriver {
    PublicChildDeriver(parent: key, chainCode: chainCode)
  }

  package func child(_ step: ChildNumber) throws(DerivationError) -> ExtendedPublicKey {
    guard !step.isHardened else { throw .hardenedFromPublicKey(step) }
    guard depth < .max else { throw .depthExhausted }
    let child = try children.child(at: step.index)
    return ExtendedPublicKey(
      key: child.key, chainCode: child.chainCode, depth: depth + 1,
      parentFingerprint: fingerprint, childNumber: step)
  }

  package func descendant(_ path: DerivationPath) throws(DerivationError) -> ExtendedPublicKey {
    var key = self
    for step in path.steps { key = try key.child(step) }
    return key
  }
}
