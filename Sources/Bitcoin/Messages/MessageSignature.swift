package import Addresses
package import Bytes
internal import ChainTypes
internal import Digests
package import Keys

/// A message that the owner of an address signed, in the "simple" form of BIP-0322: the witness
/// that would spend an output of the address, in a transaction that commits to the message and
/// that no chain takes.
///
/// As text it is `smp` and the witness in Base64; before the BIP was finished it had no prefix, and
/// may still lack it.
package struct MessageSignature: Hashable, Sendable {
  package let witness: [[UInt8]]

  /// A signature and a key are far below.
  package static let maximumCharacters = 4096
  private static let prefix = "smp"
  private static let messageHash = TaggedHash(tag: "BIP0322-signed-message")

  package enum ParsingError: Error, Hashable, Sendable {
    case tooLong(characters: Int)
    case notBase64
    /// The bytes are no witness.
    case notAWitness
  }

  init(witness: [[UInt8]]) { self.witness = witness }

  package init(_ text: String) throws(ParsingError) {
    let count = text.utf8.count
    guard count <= Self.maximumCharacters else { throw .tooLong(characters: count) }
    let rest = text.hasPrefix(Self.prefix) ? String(text.dropFirst(Self.prefix.count)) : text
    guard let bytes = Base64.decode(rest) else { throw .notBase64 }
    guard let witness = PSBTInputChecks.witness(bytes), !witness.isEmpty else {
      throw .notAWitness
    }
    self.witness = witness
  }

  package var text: String {
    var bytes: [UInt8] = []
    bytes.append(compactSize: witness.count)
    for item in witness { bytes.append(sized: item) }
    return Self.prefix + Base64.encode(bytes)
  }

  /// Whether the owner of `script` signed `message`: P2WPKH, P2WSH with multisig, and P2TR by its
  /// key. Unknown for other scripts, which prove nothing either way.
  package func verification(
    of message: [UInt8], by script: OutputScript
  ) -> SpendVerification {
    switch script {
    case .p2wpkh, .p2wsh, .p2tr: break
    // The simple form is a witness alone.
    case .p2pkh, .p2sh, .witness: return .unknown
    }
    return Self.challenge(message, script)
      .verification(ofInput: 0, scriptSig: [], witness: witness)
  }

  package func verification(of message: String, by script: OutputScript) -> SpendVerification {
    verification(of: Array(message.utf8), by: script)
  }

  /// The message signed with the key of a P2WPKH or P2TR output without scripts; nil where `script`
  /// isn't one of `key`.
  ///
  /// - Parameter auxiliary: 32 random bytes for a Schnorr signature, or zeros (BIP-0340)
  package init?(
    of message: [UInt8], by script: OutputScript, key: PrivateKey, auxiliary: Hash32 = .zero
  ) {
    let hashes = Self.challenge(message, script)
    let publicKey = key.publicKey
    switch script {
    case .p2wpkh(let hash):
      guard publicKey.hash160 == hash,
        let signed = hashes.segwit(
          input: 0, scriptCode: OutputScript.p2pkh(hash).scriptPubKey, value: 0, type: .all)
      else { return nil }
      let signature = key.ecdsaSignature(over: signed).der + [UInt8(SighashType.all.rawValue)]
      witness = [signature, publicKey.compressed]
    case .p2tr(let output):
      guard let tweaked = key.tapTweaked(), tweaked.publicKey.xOnly.bytes == output,
        let signed = hashes.taproot(input: 0, type: .default)
      else { return nil }
      witness = [tweaked.schnorrSignature(over: signed, auxiliary: auxiliary).bytes]
    case .p2pkh, .p2sh, .p2wsh, .witness: return nil
    }
  }

  /// The transaction to sign, with what it spends: an output of a first one, whose script commits
  /// to the message.
  static func challenge(_ message: [UInt8], _ script: OutputScript) -> SignatureHashes {
    let spent = TransactionOutput(value: 0, scriptPubKey: script.scriptPubKey)
    // OP_0 and a push of the message's hash.
    let commitment = [0x00, 0x20] + hash(of: message).bytes
    let toSpend = Transaction(
      version: 0,
      inputs: [TransactionInput(outpoint: .null, scriptSig: commitment, sequence: 0)],
      outputs: [spent])
    let toSign = Transaction(
      version: 0,
      inputs: [
        TransactionInput(outpoint: Outpoint(txid: toSpend.txid, vout: 0), sequence: 0)
      ],
      // OP_RETURN.
      outputs: [TransactionOutput(value: 0, scriptPubKey: [0x6a])])
    return SignatureHashes(toSign, spending: [spent])
  }

  static func hash(of message: [UInt8]) -> Hash32 { messageHash.hash(message) }
}
