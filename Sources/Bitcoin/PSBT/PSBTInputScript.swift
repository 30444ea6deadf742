internal import Addresses
internal import Bytes
internal import Digests
internal import Keys

/// How an input is unlocked, with all that its scripts' hashes stand for: what signer and finaliser
/// go by.
enum PSBTInputScript: Hashable, Sendable {
  /// P2PKH, its script code being the scriptPubKey.
  case keyHash(Hash20)
  /// P2WPKH, with the redeem script where it stands in P2SH.
  case witnessKeyHash(Hash20, redeemScript: [UInt8]?)
  /// Bare multisig in P2SH.
  case multisig(MultisigScript, redeemScript: [UInt8])
  /// Multisig in P2WSH, with the redeem script where that stands in P2SH.
  case witnessMultisig(MultisigScript, witnessScript: [UInt8], redeemScript: [UInt8]?)
  /// P2TR with this output key.
  case taproot(Hash32)

  var isSegwit: Bool {
    switch self {
    case .keyHash, .multisig: false
    case .witnessKeyHash, .witnessMultisig, .taproot: true
    }
  }

  /// Whether signatures commit to this input's value alone: all a signer knows of the others'
  /// values is what it is told, and a lie in two rounds costs their difference as fee.
  var isSegwitVersionZero: Bool {
    switch self {
    case .witnessKeyHash, .witnessMultisig: true
    case .keyHash, .multisig, .taproot: false
    }
  }

  /// - Throws: what is missing or wrong, as `PSBTInputError`
  init(_ spent: TransactionOutput, of input: PSBTInput) throws(PSBTInputError) {
    switch OutputScript(scriptPubKey: spent.scriptPubKey) {
    case .p2pkh(let hash)?: self = .keyHash(hash)
    case .p2wpkh(let hash)?: self = .witnessKeyHash(hash, redeemScript: nil)
    case .p2tr(let key)?: self = .taproot(key)
    case .p2wsh(let hash)?: self = try Self.witnessScript(hash, of: input, redeemScript: nil)
    case .p2sh(let hash)?:
      guard let redeem = input.redeemScript else { throw .missingScript }
      guard HASH160.hash(redeem) == hash else { throw .wrongScript }
      switch OutputScript(scriptPubKey: redeem) {
      case .p2wpkh(let hash)?: self = .witnessKeyHash(hash, redeemScript: redeem)
      case .p2wsh(let hash)?:
        self = try Self.witnessScript(hash, of: input, redeemScript: redeem)
      default:
        guard let multisig = MultisigScript(redeem) else { throw .unsupportedScript }
        self = .multisig(multisig, redeemScript: redeem)
      }
    case .witness?, nil: throw .unsupportedScript
    }
  }

  private static func witnessScript(
    _ hash: Hash32, of input: PSBTInput, redeemScript: [UInt8]?
  ) throws(PSBTInputError) -> PSBTInputScript {
    guard let script = input.witnessScript else { throw .missingScript }
    guard SHA256.hash(script) == hash else { throw .wrongScript }
    guard let multisig = MultisigScript(script) else { throw .unsupportedScript }
    return .witnessMultisig(multisig, witnessScript: script, redeemScript: redeemScript)
  }

  /// The hash that ECDSA signatures for this input sign; nil for taproot.
  func signatureHash(
    input: Int, spending output: TransactionOutput, in hashes: SignatureHashes
  ) -> Hash32? {
    switch self {
    case .keyHash:
      hashes.legacy(input: input, scriptCode: output.scriptPubKey, type: .all)
    case .multisig(_, let script): hashes.legacy(input: input, scriptCode: script, type: .all)
    case .witnessKeyHash(let hash, _):
      hashes.segwit(
        input: input, scriptCode: OutputScript.p2pkh(hash).scriptPubKey, value: output.value,
        type: .all)
    case .witnessMultisig(_, let script, _):
      hashes.segwit(input: input, scriptCode: script, value: output.value, type: .all)
    case .taproot: nil
    }
  }

  /// Whether an ECDSA signature of `key` can help to unlock the input.
  func needs(_ key: PublicKey) -> Bool {
    switch self {
    case .keyHash(let hash), .witnessKeyHash(let hash, _): key.hash160 == hash
    case .multisig(let multisig, _), .witnessMultisig(let multisig, _, _):
      multisig.keys.contains(key.compressed)
    case .taproot: false
    }
  }
}

/// Why an input can't be signed, finished or taken out.
package enum PSBTInputError: Error, Hashable, Sendable {
  /// Neither the previous transaction nor the spent output is there.
  case missingUTXO
  /// The spent output and the previous transaction contradict each other.
  case contradictingUTXO
  /// Only the spent output is there where signatures don't commit to its value: an old script, or,
  /// where a signer doesn't take it on trust, segwit version 0.
  case missingPreviousTransaction
  /// The redeem script or witness script isn't there.
  case missingScript
  /// A script isn't the one that the output or the redeem script has the hash of.
  case wrongScript
  /// A script of another kind than those signed here.
  case unsupportedScript
  /// Only ALL, and DEFAULT for taproot, are signed and taken.
  case unsupportedSighashType(UInt32)
  /// The key at the stated path isn't the stated one.
  case wrongKey
  /// The path of a key that the fingerprint calls ours leads to no key.
  case underivableKey
  /// The stated key isn't one that the script asks for.
  case keyNotInScript
  /// Signatures are missing.
  case missingSignature
  /// What is there doesn't unlock the output.
  case invalidSignature
  /// The input isn't finished.
  case notFinal
}
