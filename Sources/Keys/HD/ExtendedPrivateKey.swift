package import Bytes
package import ChainTypes
package import Digests

/// A private key with a chain code, from which all children derive (BIP-0032).
///
/// Only `payctl`, what is simulated or measured, and tests may hold one: of `paywatch` nothing but
/// the demo's signer does, which a test of the tree checks. An unhardened child's private key
/// together with the parent's extended public key gives the parent's private key away, so never
/// hand out single child keys.
package struct ExtendedPrivateKey: Sendable {
  package let key: PrivateKey
  package let chainCode: Hash32
  package let depth: UInt8
  package let parentFingerprint: UInt32
  package let childNumber: ChildNumber
  /// Derived once, because fingerprints and unhardened children need it.
  private let publicKey: PublicKey

  private init(
    key: PrivateKey, chainCode: Hash32, depth: UInt8, parentFingerprint: UInt32,
    childNumber: ChildNumber
  ) {
    self.key = key
    self.chainCode = chainCode
    self.depth = depth
    self.parentFingerprint = parentFingerprint
    self.childNumber = childNumber
    publicKey = key.publicKey
  }

  /// The master key of a seed of 16 to 64 bytes.
  package init(seed: SecretBytes) throws(ExtendedKeyError) {
    guard (16...64).contains(seed.byteCount) else {
      throw .invalidSeedLength(bytes: seed.byteCount)
    }
    let hmac = HMACSHA512(key: Array("Bitcoin seed".utf8).span.bytes)
    let code = seed.withUnsafeBytes { hmac.secretCode(for: $0.bytes) }
    let key: PrivateKey
    do {
      key = try PrivateKey(Self.leftHalf(of: code))
    } catch {
      throw .unusableSeed
    }
    self.init(
      key: key, chainCode: Self.rightHalf(of: code), depth: 0, parentFingerprint: 0,
      childNumber: ChildNumber(rawValue: 0))
  }

  /// From `xprv…` on mainnet or `tprv…` on test networks. Errors never repeat the text.
  package init(secretText text: String, network: BitcoinNetwork) throws(ExtendedKeyError) {
    let fields = try ExtendedKeyFields(text: text)
    let wanted: ExtendedKeyVersion = network.kind == .mainnet ? .xprv : .tprv
    guard fields.version == wanted.number else {
      guard let version = ExtendedKeyVersion.version(fields.version) else {
        throw .unknownVersion(fields.version)
      }
      guard version.isPrivate else { throw .publicKey(version: version.name) }
      throw .wrongNetwork(version: version.name, expected: network)
    }
    guard fields.key.first == 0 else { throw .invalidPrivateKey }
    try fields.checkMaster()
    do {
      key = try PrivateKey(SecretBytes(copying: Array(fields.key.dropFirst()).span.bytes))
    } catch {
      throw .invalidPrivateKey
    }
    chainCode = fields.chainCode
    depth = fields.depth
    parentFingerprint = fields.parentFingerprint
    childNumber = fields.childNumber
    publicKey = key.publicKey
  }

  /// `xprv…` or `tprv…`: the secret itself, for the screen or file of an offline machine. A String
  /// can't be overwritten afterwards.
  package func secretText(network: BitcoinNetwork) -> String {
    let version: ExtendedKeyVersion = network.kind == .mainnet ? .xprv : .tprv
    return ExtendedKeyFields(
      version: version.number, depth: depth, parentFingerprint: parentFingerprint,
      childNumber: childNumber, chainCode: chainCode,
      key: [0] + key.withSecretBytes { Array($0) }
    ).text
  }

  package var extendedPublicKey: ExtendedPublicKey {
    ExtendedPublicKey(
      key: publicKey, chainCode: chainCode, depth: depth, parentFingerprint: parentFingerprint,
      childNumber: childNumber)
  }

  package var fingerprint: UInt32 { extendedPublicKey.fingerprint }

  package func child(_ step: ChildNumber) throws(DerivationError) -> ExtendedPrivateKey {
    guard depth < .max else { throw .depthExhausted }
    // 00 and the private key for a hardened child, else the public key; then the number.
    let message = SecretBytes(byteCount: 37) { buffer in
      if step.isHardened {
        key.withSecretBytes { buffer[1..<33].copyBytes(from: $0) }
      } else {
        buffer[..<33].copyBytes(from: publicKey.compressed)
      }
      withUnsafeBytes(of: step.rawValue.bigEndian) { buffer[33..<37].copyBytes(from: $0) }
    }
    let hmac = HMACSHA512(key: chainCode)
    let code = message.withUnsafeBytes { hmac.secretCode(for: $0.bytes) }
    guard let childKey = key.adding(tweak: code) else { throw .skipIndex(step.index) }
    return ExtendedPrivateKey(
      key: childKey, chainCode: Self.rightHalf(of: code), depth: depth + 1,
      parentFingerprint: fingerprint, childNumber: step)
  }

  package func descendant(_ path: DerivationPath) throws(DerivationError) -> ExtendedPrivateKey {
    var key = self
    for step in path.steps { key = try key.child(step) }
    return key
  }

  /// `code` is 64 bytes of HMAC-SHA512.
  private static func leftHalf(of code: SecretBytes) -> SecretBytes {
    code.withUnsafeBytes { SecretBytes(copying: UnsafeRawBufferPointer(rebasing: $0[..<32]).bytes) }
  }

  private static func rightHalf(of code: SecretBytes) -> Hash32 {
    code.withUnsafeBytes { Hash32(bytes: $0.bytes, at: 32) }
  }
}

extension ExtendedPrivateKey: CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  package var description: String { "<extended private key>" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
