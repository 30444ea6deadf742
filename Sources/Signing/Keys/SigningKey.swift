package import Addresses
package import Bitcoin
package import Bytes
package import Digests
package import Ethereum
package import Keys
package import Payouts

/// The master key, and what it signs. Its bytes are overwritten with the last value that has it.
package struct SigningKey: Sendable {
  private let master: ExtendedPrivateKey

  /// From a seed of 16 to 64 bytes (BIP-0032).
  package init(seed: SecretBytes) throws(ExtendedKeyError) {
    master = try ExtendedPrivateKey(seed: seed)
  }

  package var fingerprint: UInt32 { master.fingerprint }

  /// Why something isn't signed; nothing of it is then.
  package enum Failure: Error, Equatable, Sendable {
    /// Of these inputs the key is another's.
    case foreignInputs([Int])
    case input(Int, PSBTInputError)
    /// The inputs signed, but the transaction can't be put together.
    case extraction(PSBT.ExtractionError)
    /// The key at the path is another account's.
    case wrongAccount(found: EthereumAddress, path: DerivationPath)
    case noKey(path: DerivationPath)
  }

  /// Adds signatures for all inputs: low-S ECDSA by RFC 6979, or BIP-0340.
  ///
  /// - Parameter auxiliary: 32 random bytes for Schnorr signatures (BIP-0340)
  package func sign(_ psbt: PSBT, auxiliary: Hash32) throws(Failure) -> PSBT {
    var signed = psbt
    let report: PSBTSigner.Report
    do throws(PSBTSigner.Refusal) {
      report = try PSBTSigner(master).sign(&signed, auxiliary: auxiliary)
    } catch {
      throw .input(error.input, error.reason)
    }
    guard report.foreign.isEmpty else { throw .foreignInputs(report.foreign) }
    return signed
  }

  /// The transaction, ready to be sent. Each of its signatures was verified.
  package func transaction(
    signing psbt: PSBT, auxiliary: Hash32
  ) throws(Failure) -> Transaction {
    var signed = try sign(psbt, auxiliary: auxiliary)
    if let (index, reason) = signed.finalize().min(by: { $0.key < $1.key }) {
      throw .input(index, reason)
    }
    do {
      return try signed.extractTransaction()
    } catch {
      throw .extraction(error)
    }
  }

  /// The transaction with the signature of the account at the offer's path, which must be its
  /// sender.
  package func transaction(
    signing offer: EthereumOffer, chainID: UInt64
  ) throws(Failure) -> EthereumTransaction {
    let key: PrivateKey
    do {
      key = try master.descendant(offer.path).key
    } catch {
      throw .noKey(path: offer.path)
    }
    let account = EthereumAddress(key.publicKey)
    guard account == offer.from else { throw .wrongAccount(found: account, path: offer.path) }
    return offer.transaction(chainID: chainID).signed(by: key)
  }
}

extension SigningKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "<signing key>" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension SigningKey.Failure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .foreignInputs(let inputs):
      "these words have no key for input "
        + inputs.prefix(10).map { "\($0)" }.joined(separator: ", ")
    case .input(let index, let reason): "input \(index) isn't signed: \(reason)"
    case .extraction(let reason): "the signed transaction isn't whole: \(reason)"
    case .wrongAccount(let found, let path):
      "the key at \(path) is that of \(found), which isn't the sender"
    case .noKey(let path): "there is no key at \(path)"
    }
  }
}
