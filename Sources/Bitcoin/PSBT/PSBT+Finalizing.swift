internal import Bytes
internal import Keys

extension PSBT {
  /// Makes scripts and witnesses of the signatures, for every input that has all it needs, and
  /// clears what served only to sign it. Each was verified.
  ///
  /// - Returns: why the others aren't finished, by their index; empty once all are
  package mutating func finalize() -> [Int: PSBTInputError] {
    var errors: [Int: PSBTInputError] = [:]
    let spent = spentOutputs
    let hashes = SignatureHashes(transaction, spending: spent)
    for index in inputs.indices where !inputs[index].isFinal {
      do throws(PSBTInputError) {
        let (scriptSig, witness) = try unlocking(index, spent: spent[index])
        let verification = hashes.verification(
          ofInput: index, scriptSig: scriptSig, witness: witness)
        guard verification == .valid else { throw .invalidSignature }
        inputs[index].finish(scriptSig: scriptSig, witness: witness)
      } catch {
        errors[index] = error
      }
    }
    return errors
  }

  private func unlocking(
    _ index: Int, spent: TransactionOutput?
  ) throws(PSBTInputError) -> (scriptSig: [UInt8], witness: [[UInt8]]) {
    let input = inputs[index]
    guard let spent else { throw .missingUTXO }
    let script = try PSBTInputScript(spent, of: input)
    if let type = input.sighashType {
      guard type == .all || type == .default && script.isTaproot else {
        throw .unsupportedSighashType(type.rawValue)
      }
    }
    switch script {
    case .keyHash(let hash):
      let items = try input.signatureAndKey(of: hash)
      return (items.flatMap(ScriptReading.push), [])
    case .witnessKeyHash(let hash, let redeem):
      return (redeem.map(ScriptReading.push) ?? [], try input.signatureAndKey(of: hash))
    case .multisig(let multisig, let redeem):
      let items = try input.signatures(for: multisig) + [redeem]
      return (items.flatMap(ScriptReading.push), [])
    case .witnessMultisig(let multisig, let witnessScript, let redeem):
      let witness = try input.signatures(for: multisig) + [witnessScript]
      return (redeem.map(ScriptReading.push) ?? [], witness)
    case .taproot:
      guard let signature = input.taprootSignature else { throw .missingSignature }
      let isDefault = signature.count == SchnorrSignature.byteCount
      if let type = input.sighashType, (type == .default) != isDefault {
        throw .unsupportedSighashType(isDefault ? 0 : UInt32(signature.last ?? 0))
      }
      return ([], [signature])
    }
  }

  /// The transaction with the scripts and witnesses of its inputs, when all are finished; each is
  /// verified against what the input spends, so that only what can be broadcast leaves.
  package func extractTransaction() throws(ExtractionError) -> Transaction {
    var signed = transaction
    for (index, input) in inputs.enumerated() {
      guard input.isFinal else { throw .input(index, .notFinal) }
      signed.inputs[index].scriptSig = input.finalScriptSig ?? []
      signed.inputs[index].witness = input.finalWitness ?? []
    }
    guard !signed.inputs.isEmpty, !signed.outputs.isEmpty else { throw .incomplete }
    let spent = spentOutputs
    let hashes = SignatureHashes(signed, spending: spent)
    for index in inputs.indices {
      guard spent[index] != nil else { throw .input(index, .missingUTXO) }
      switch hashes.verification(ofInput: index) {
      case .valid: break
      case .invalid: throw .input(index, .invalidSignature)
      case .unknown: throw .input(index, .unsupportedScript)
      }
    }
    guard fee != nil else { throw .outputsExceedInputs }
    return signed
  }

  /// Why no transaction can be taken out.
  package enum ExtractionError: Error, Hashable, Sendable {
    case input(Int, PSBTInputError)
    /// The transaction has no inputs or no outputs.
    case incomplete
    case outputsExceedInputs
  }
}

extension PSBTInputScript {
  var isTaproot: Bool {
    if case .taproot = self { true } else { false }
  }
}

extension PSBTInput {
  fileprivate func signatureAndKey(of hash: Hash20) throws(PSBTInputError) -> [[UInt8]] {
    guard let found = partialSignatures.first(where: { $0.key.hash160 == hash }) else {
      throw .missingSignature
    }
    return [try Self.checked(found.signature), found.key.compressed]
  }

  /// An empty item, which OP_CHECKMULTISIG takes too much, and as many signatures as it wants, in
  /// the keys' order.
  fileprivate func signatures(
    for multisig: MultisigScript
  ) throws(PSBTInputError) -> [[UInt8]] {
    let made = partialSignatures
    var items: [[UInt8]] = [[]]
    for key in multisig.keys where items.count <= multisig.required {
      guard let found = made.first(where: { $0.key.compressed == key }) else { continue }
      items.append(try Self.checked(found.signature))
    }
    guard items.count == multisig.required + 1 else { throw .missingSignature }
    return items
  }

  private static func checked(_ signature: [UInt8]) throws(PSBTInputError) -> [UInt8] {
    let type = UInt32(signature.last ?? 0)
    guard type == SighashType.all.rawValue else { throw .unsupportedSighashType(type) }
    return signature
  }

  /// Keeps what is spent and what isn't understood.
  fileprivate mutating func finish(scriptSig: [UInt8], witness: [[UInt8]]) {
    let cleared: [ClosedRange<UInt8>] = [
      Field.partialSignature...Field.derivation, Field.preimages,
      Field.taprootSignature...Field.taprootMerkleRoot,
    ]
    map.removeAll { entry in cleared.contains { $0.contains(entry.key[0]) } }
    if !scriptSig.isEmpty { finalScriptSig = scriptSig }
    if !witness.isEmpty { finalWitness = witness }
  }
}
