internal import Bytes
internal import Keys

/// Checks an input's map: keys of known types have their lengths, and values are what they should
/// be. Other types pass.
enum PSBTInputChecks {
  private typealias Field = PSBTInput.Field

  static func check(_ map: PSBTMap, at index: Int) throws(PSBTError) {
    for entry in map.entries {
      guard isKeyValid(entry.key) else {
        throw .invalidKey(.input(index), key: PSBTMap.shown(entry.key))
      }
      guard isValueValid(entry.value, key: entry.key) else {
        throw .invalidValue(.input(index), key: PSBTMap.shown(entry.key))
      }
    }
  }

  private static func isKeyValid(_ key: [UInt8]) -> Bool {
    let data = key.dropFirst()
    switch key[0] {
    case Field.nonWitnessUTXO, Field.witnessUTXO, Field.sighashType, Field.redeemScript,
      Field.witnessScript, Field.finalScriptSig, Field.finalWitness, Field.reserveProof,
      Field.taprootSignature, Field.taprootInternalKey, Field.taprootMerkleRoot:
      return data.isEmpty
    case Field.partialSignature, Field.derivation: return PSBTGlobal.isPublicKey(data)
    case Field.preimages:
      // RIPEMD-160 and HASH160 have 20 bytes, the others 32.
      return data.count == (key[0] % 2 == 0 ? 20 : 32)
    case Field.versionTwo: return false
    // A key and the hash of a leaf.
    case Field.taprootScriptSignature: return data.count == 64
    // A control block: a byte, the internal key, and up to 128 hashes (BIP-0341).
    case Field.taprootLeafScript:
      return data.count >= 33 && data.count <= 33 + 32 * 128 && (data.count - 33) % 32 == 0
    case Field.taprootDerivation: return data.count == 32
    default: return true
    }
  }

  private static func isValueValid(_ value: [UInt8], key: [UInt8]) -> Bool {
    switch key[0] {
    case Field.nonWitnessUTXO: (try? Transaction(bytes: value)) != nil
    case Field.witnessUTXO: TransactionOutput(psbt: value) != nil
    // DER and a byte for the type.
    case Field.partialSignature: ECDSASignature(der: Array(value.dropLast())) != nil
    case Field.sighashType: value.count == 4
    case Field.derivation: KeyOrigin(psbt: value[...]) != nil
    case Field.finalWitness: witness(value) != nil
    case Field.taprootSignature, Field.taprootScriptSignature:
      value.count == 64 || value.count == 65
    // A script and its leaf version.
    case Field.taprootLeafScript: !value.isEmpty
    case Field.taprootDerivation:
      PSBTMap.taprootDerivation(key.dropFirst(), value) != nil
    case Field.taprootInternalKey, Field.taprootMerkleRoot: value.count == 32
    default: true
    }
  }

  /// A witness stack with nothing behind it.
  static func witness(_ value: [UInt8]) -> [[UInt8]]? {
    var reader = WireReader(value.span.bytes)
    guard let items = try? Transaction.readWitness(&reader), reader.remaining == 0 else {
      return nil
    }
    return items
  }
}
