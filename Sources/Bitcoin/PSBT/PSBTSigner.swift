internal import Addresses
package import Bytes
package import Keys

/// Signs what belongs to one extended private key and nothing else.
///
/// It finds its keys by the fingerprints and paths that a transaction states, and believes none of
/// them: each key is derived, compared with the stated one, and has to be the one that the spent
/// output asks for.
package struct PSBTSigner: Sendable {
  private let key: ExtendedPrivateKey
  private let origin: KeyOrigin

  /// - Parameter origin: the master key's fingerprint and the path from it to `key`; of a master
  ///   key, its own fingerprint and the empty path
  package init(_ key: ExtendedPrivateKey, origin: KeyOrigin? = nil) {
    self.key = key
    self.origin = origin ?? KeyOrigin(fingerprint: key.fingerprint, path: DerivationPath())
  }

  /// What became of the inputs, by their index.
  package struct Report: Hashable, Sendable {
    /// Those signed now.
    package var signed: [Int] = []
    /// Those that were finished before.
    package var alreadyFinal: [Int] = []
    /// Those that aren't this key's.
    package var foreign: [Int] = []
    /// Those signed on trust in their value: segwit version 0 without the previous transaction.
    package var unproven: [Int] = []
  }

  /// Why nothing was signed.
  package struct Refusal: Error, Hashable, Sendable {
    package let input: Int
    package let reason: PSBTInputError
  }

  /// Adds the signatures of all inputs that belong to the key; all of them or, where one is
  /// refused, none.
  ///
  /// - Parameters:
  ///   - auxiliary: 32 random bytes for Schnorr signatures, or zeros (BIP-0340)
  ///   - trustsValues: also signs segwit version 0 inputs that lack their previous transaction. Who
  ///     lies about their values in two rounds can make the signer pay a large fee.
  package func sign(
    _ psbt: inout PSBT, auxiliary: Hash32 = .zero, trustsValues: Bool = false
  ) throws(Refusal) -> Report {
    var result = psbt
    var report = Report()
    let hashes = SignatureHashes(psbt.transaction, spending: psbt.spentOutputs)
    for index in psbt.inputs.indices {
      guard !psbt.inputs[index].isFinal else {
        report.alreadyFinal.append(index)
        continue
      }
      do throws(PSBTInputError) {
        var input = psbt.inputs[index]
        guard let isProven = try sign(&input, index, hashes, auxiliary) else {
          report.foreign.append(index)
          continue
        }
        if !isProven {
          guard trustsValues else { throw .missingPreviousTransaction }
          report.unproven.append(index)
        }
        result.inputs[index] = input
        report.signed.append(index)
      } catch {
        throw Refusal(input: index, reason: error)
      }
    }
    psbt = result
    return report
  }

  /// Signs one input.
  ///
  /// - Returns: whether the value that it spends is proven; nil where the input isn't this key's
  private func sign(
    _ input: inout PSBTInput, _ index: Int, _ hashes: SignatureHashes, _ auxiliary: Hash32
  ) throws(PSBTInputError) -> Bool? {
    let keys = input.derivations.filter { isOwn($0.origin) }
    let taprootKeys = input.taprootDerivations.filter {
      $0.leafHashes.isEmpty && isOwn($0.origin)
    }
    guard !keys.isEmpty || !taprootKeys.isEmpty else { return nil }
    guard let spent = hashes.spentOutputs[index] else { throw .missingUTXO }
    if let stated = input.witnessUTXO, stated != spent { throw .contradictingUTXO }
    let script = try PSBTInputScript(spent, of: input)
    let hasPrevious = input.hasNonWitnessUTXO
    // Old signatures don't commit to the value at all, so that a stated one proves nothing.
    guard script.isSegwit || hasPrevious else { throw .missingPreviousTransaction }
    let type = input.sighashType
    if case .taproot(let output) = script {
      for stated in taprootKeys {
        input.taprootSignature = try taprootSignature(
          stated, output: output, merkleRoot: input.taprootMerkleRoot, type: type ?? .default,
          index, hashes, auxiliary)
      }
      return taprootKeys.isEmpty ? nil : true
    }
    guard type ?? .all == .all else { throw .unsupportedSighashType(type?.rawValue ?? 0) }
    guard let hash = script.signatureHash(input: index, spending: spent, in: hashes) else {
      throw .unsupportedScript
    }
    for stated in keys {
      guard let key = try privateKey(at: stated.origin) else { continue }
      guard key.publicKey == stated.key else { throw .wrongKey }
      guard script.needs(stated.key) else { throw .keyNotInScript }
      let signature = key.ecdsaSignature(over: hash).der
      input.setPartialSignature(signature + [UInt8(SighashType.all.rawValue)], by: stated.key)
    }
    return keys.isEmpty ? nil : hasPrevious || !script.isSegwitVersionZero
  }

  private func taprootSignature(
    _ stated: PSBTTaprootDerivation, output: Hash32, merkleRoot: Hash32?, type: SighashType,
    _ index: Int, _ hashes: SignatureHashes, _ auxiliary: Hash32
  ) throws(PSBTInputError) -> [UInt8] {
    guard type == .default || type == .all else {
      throw .unsupportedSighashType(type.rawValue)
    }
    guard let key = try privateKey(at: stated.origin), key.publicKey.xOnly == stated.key else {
      throw .wrongKey
    }
    guard let tweaked = key.tapTweaked(merkleRoot: merkleRoot),
      tweaked.publicKey.xOnly.bytes == output
    else { throw .keyNotInScript }
    // Taproot signatures commit to all that is spent, so it all has to be known.
    guard let hash = hashes.taproot(input: index, type: type) else { throw .missingUTXO }
    let signature = tweaked.schnorrSignature(over: hash, auxiliary: auxiliary)
    return signature.bytes + (type == .default ? [] : [UInt8(type.rawValue)])
  }

  private func isOwn(_ stated: KeyOrigin) -> Bool {
    stated.fingerprint == origin.fingerprint && stated.path.steps.starts(with: origin.path.steps)
  }

  /// The key at a stated place; nil where that isn't below this signer's.
  private func privateKey(at stated: KeyOrigin) throws(PSBTInputError) -> PrivateKey? {
    guard isOwn(stated) else { return nil }
    let steps = stated.path.steps.dropFirst(origin.path.steps.count)
    do {
      return try key.descendant(DerivationPath(Array(steps))).key
    } catch {
      throw .underivableKey
    }
  }
}
