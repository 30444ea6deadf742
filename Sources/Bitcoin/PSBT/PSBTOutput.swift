internal import Bytes
package import Keys

/// What is known of an output: by its derivations a signer tells change, which comes back, from
/// what is paid away.
package struct PSBTOutput: Hashable, Sendable {
  package internal(set) var map: PSBTMap

  private enum Field {
    static let redeemScript: UInt8 = 0x00
    static let witnessScript: UInt8 = 0x01
    static let derivation: UInt8 = 0x02
    /// Fields of version 2 (BIP-0370), which version 0 must not have.
    static let versionTwo: ClosedRange<UInt8> = 0x03...0x04
    static let taprootInternalKey: UInt8 = 0x05
    static let taprootTree: UInt8 = 0x06
    static let taprootDerivation: UInt8 = 0x07
  }

  init() { map = PSBTMap() }

  init(_ map: PSBTMap, at index: Int) throws(PSBTError) {
    self.map = map
    for entry in map.entries {
      guard Self.isKeyValid(entry.key) else {
        throw .invalidKey(.output(index), key: PSBTMap.shown(entry.key))
      }
      guard Self.isValueValid(entry.value, key: entry.key) else {
        throw .invalidValue(.output(index), key: PSBTMap.shown(entry.key))
      }
    }
  }

  package var redeemScript: [UInt8]? {
    get { map[[Field.redeemScript]] }
    set {
      if let newValue {
        map.set([Field.redeemScript], to: newValue)
      } else {
        map.removeAll { $0.key == [Field.redeemScript] }
      }
    }
  }

  package var derivations: [PSBTDerivation] { map.derivations(ofType: Field.derivation) }

  package mutating func addDerivation(_ derivation: PSBTDerivation) {
    map.setDerivation(derivation, type: Field.derivation)
  }

  package var taprootInternalKey: XOnlyPublicKey? {
    map[[Field.taprootInternalKey]].flatMap { Hash32($0) }.flatMap { XOnlyPublicKey($0) }
  }

  package var taprootDerivations: [PSBTTaprootDerivation] {
    map.taprootDerivations(ofType: Field.taprootDerivation)
  }

  /// Says which internal key a P2TR output has, and where that comes from.
  package mutating func setTaprootInternalKey(_ derivation: PSBTDerivation) {
    map.set([Field.taprootInternalKey], to: derivation.key.xOnly.bytes.bytes)
    map.setTaprootDerivation(derivation, type: Field.taprootDerivation)
  }

  private static func isKeyValid(_ key: [UInt8]) -> Bool {
    switch key[0] {
    case Field.redeemScript, Field.witnessScript, Field.taprootInternalKey, Field.taprootTree:
      key.count == 1
    case Field.derivation: PSBTGlobal.isPublicKey(key.dropFirst())
    case Field.versionTwo: false
    case Field.taprootDerivation: key.count == 33
    default: true
    }
  }

  private static func isValueValid(_ value: [UInt8], key: [UInt8]) -> Bool {
    switch key[0] {
    case Field.derivation: KeyOrigin(psbt: value[...]) != nil
    case Field.taprootInternalKey: value.count == 32
    case Field.taprootTree: isTree(value)
    case Field.taprootDerivation: PSBTMap.taprootDerivation(key.dropFirst(), value) != nil
    default: true
    }
  }

  /// At least one leaf: its depth, its version, and its script behind its length (BIP-0371).
  private static func isTree(_ value: [UInt8]) -> Bool {
    var reader = WireReader(value.span.bytes)
    guard reader.remaining > 0 else { return false }
    while reader.remaining > 0 {
      guard let depth = try? reader.readUInt8(), depth <= 128,
        let version = try? reader.readUInt8(), version & 1 == 0,
        (try? reader.skipSizedBytes()) != nil
      else { return false }
    }
    return true
  }
}
