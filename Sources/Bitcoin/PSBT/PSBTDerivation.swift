internal import Bytes
package import Keys

/// A public key and where it comes from, as a signer finds its own by it.
package struct PSBTDerivation: Hashable, Sendable {
  package let key: PublicKey
  package let origin: KeyOrigin

  package init(key: PublicKey, origin: KeyOrigin) {
    self.key = key
    self.origin = origin
  }

  /// The key at an index of an account's descriptor; nil where that isn't ranged.
  ///
  /// Without an origin in the descriptor, the account's own key counts as the master.
  package init?(_ descriptor: Descriptor, at index: UInt32) throws(DerivationError) {
    guard case .extended(let account, let path, isRanged: true) = descriptor.key.key else {
      return nil
    }
    guard let last = ChildNumber(index) else { throw .indexExhausted(index) }
    let steps = path.appending(last)
    let origin = descriptor.key.origin
    self.init(
      key: try account.descendant(steps).key,
      origin: KeyOrigin(
        fingerprint: origin?.fingerprint ?? account.fingerprint,
        path: DerivationPath((origin?.path.steps ?? []) + steps.steps)))
  }
}

/// The same of a taproot key (BIP-0371).
package struct PSBTTaprootDerivation: Hashable, Sendable {
  package let key: XOnlyPublicKey
  /// The scripts of the output's tree that need the key, 32 bytes each; none for an internal key.
  package let leafHashes: [[UInt8]]
  package let origin: KeyOrigin
}

extension KeyOrigin {
  /// From the fingerprint, most significant byte first, and the steps, each four bytes,
  /// little-endian; nil for another length.
  init?(psbt bytes: ArraySlice<UInt8>) {
    guard bytes.count >= 4, bytes.count % 4 == 0,
      bytes.count <= 4 + 4 * DerivationPath.maximumSteps
    else { return nil }
    let fingerprint = bytes.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    var steps: [ChildNumber] = []
    var rest = bytes.dropFirst(4)
    while !rest.isEmpty {
      let number = rest.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      steps.append(ChildNumber(rawValue: number))
      rest = rest.dropFirst(4)
    }
    self.init(fingerprint: fingerprint, path: DerivationPath(steps))
  }

  var psbtBytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(bigEndian: fingerprint)
    for step in path.steps { bytes.append(littleEndian: step.rawValue) }
    return bytes
  }
}

extension PSBTMap {
  /// The derivations of a type whose keys are public keys.
  func derivations(ofType type: UInt8) -> [PSBTDerivation] {
    entries(ofType: type).compactMap { entry in
      guard let key = try? PublicKey(Array(entry.keyData)),
        let origin = KeyOrigin(psbt: entry.value[...])
      else { return nil }
      return PSBTDerivation(key: key, origin: origin)
    }
  }

  func taprootDerivations(ofType type: UInt8) -> [PSBTTaprootDerivation] {
    entries(ofType: type).compactMap { Self.taprootDerivation($0.keyData, $0.value) }
  }

  /// The count of leaf hashes, the hashes, and the origin; nil where that isn't what stands there.
  static func taprootDerivation(
    _ keyData: ArraySlice<UInt8>, _ value: [UInt8]
  ) -> PSBTTaprootDerivation? {
    guard let bytes = Hash32(Array(keyData)), let key = XOnlyPublicKey(bytes) else { return nil }
    var reader = WireReader(value.span.bytes)
    guard let count = try? reader.readCount(ofItemsOfAtLeast: 32) else { return nil }
    var hashes: [[UInt8]] = []
    for _ in 0..<count {
      guard let hash = try? reader.readHash32() else { return nil }
      hashes.append(hash.bytes)
    }
    guard let origin = KeyOrigin(psbt: value[reader.offset...]) else { return nil }
    return PSBTTaprootDerivation(key: key, leafHashes: hashes, origin: origin)
  }

  mutating func setDerivation(_ derivation: PSBTDerivation, type: UInt8) {
    set([type] + derivation.key.compressed, to: derivation.origin.psbtBytes)
  }

  /// Of an internal key that no script needs.
  mutating func setTaprootDerivation(_ derivation: PSBTDerivation, type: UInt8) {
    set([type] + derivation.key.xOnly.bytes.bytes, to: [0] + derivation.origin.psbtBytes)
  }
}
