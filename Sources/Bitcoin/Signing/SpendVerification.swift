internal import Addresses
internal import Bytes
internal import Digests
internal import Keys

/// What the script and witness of an input prove.
package enum SpendVerification: Hashable, Sendable {
  /// Every signature that the output asks for is there and right.
  case valid
  /// They don't unlock the output.
  case invalid
  /// The output isn't of a kind that is checked here: another script than P2PKH, P2WPKH, P2TR by
  /// key, and multisig of compressed keys in P2SH or P2WSH, or P2WPKH in P2SH.
  case unknown
}

extension SignatureHashes {
  /// Checks what an input of the transaction has as script and witness.
  package func verification(ofInput index: Int) -> SpendVerification {
    guard transaction.inputs.indices.contains(index) else { return .invalid }
    let input = transaction.inputs[index]
    return verification(ofInput: index, scriptSig: input.scriptSig, witness: input.witness)
  }

  /// Checks a script and a witness for an input, whatever the transaction has there: no signature
  /// commits to them. Only signatures that commit to all inputs and outputs are taken (ALL, or
  /// DEFAULT of taproot).
  package func verification(
    ofInput index: Int, scriptSig: [UInt8], witness: [[UInt8]]
  ) -> SpendVerification {
    guard transaction.inputs.indices.contains(index) else { return .invalid }
    guard let spent = spentOutputs[index],
      let script = OutputScript(scriptPubKey: spent.scriptPubKey)
    else { return .unknown }
    switch script {
    case .p2pkh(let hash):
      guard witness.isEmpty, let items = ScriptReading.pushes(scriptSig) else { return .invalid }
      return isSignedBy(hash, items, index, .legacy(spent.scriptPubKey)) ? .valid : .invalid
    case .p2wpkh, .p2wsh:
      guard scriptSig.isEmpty else { return .invalid }
      return segwit(script, witness, index, value: spent.value)
    case .p2tr(let key):
      guard scriptSig.isEmpty else { return .invalid }
      return taproot(key, witness, index)
    case .p2sh(let hash):
      guard let items = ScriptReading.pushes(scriptSig), let redeem = items.last,
        HASH160.hash(redeem) == hash
      else { return .invalid }
      return p2sh(redeem, items.dropLast(), witness, index, value: spent.value)
    case .witness: return .unknown
    }
  }

  /// How a signature's hash comes about.
  private enum Form {
    case legacy([UInt8])
    case segwit([UInt8], value: UInt64)
  }

  private func segwit(
    _ script: OutputScript, _ witness: [[UInt8]], _ index: Int, value: UInt64
  ) -> SpendVerification {
    switch script {
    case .p2wpkh(let hash):
      let code = OutputScript.p2pkh(hash).scriptPubKey
      return isSignedBy(hash, witness, index, .segwit(code, value: value)) ? .valid : .invalid
    case .p2wsh(let hash):
      guard let code = witness.last, SHA256.hash(code) == hash else { return .invalid }
      guard let multisig = MultisigScript(code) else { return .unknown }
      return isSigned(multisig, witness.dropLast(), index, .segwit(code, value: value))
        ? .valid : .invalid
    default: return .unknown
    }
  }

  /// - Parameter items: what is pushed before the redeem script
  private func p2sh(
    _ redeem: [UInt8], _ items: ArraySlice<[UInt8]>, _ witness: [[UInt8]], _ index: Int,
    value: UInt64
  ) -> SpendVerification {
    switch OutputScript(scriptPubKey: redeem) {
    case .p2wpkh(let hash)?:
      return items.isEmpty ? segwit(.p2wpkh(hash), witness, index, value: value) : .invalid
    case .p2wsh(let hash)?:
      return items.isEmpty ? segwit(.p2wsh(hash), witness, index, value: value) : .invalid
    default:
      guard let multisig = MultisigScript(redeem) else { return .unknown }
      guard witness.isEmpty else { return .invalid }
      return isSigned(multisig, items, index, .legacy(redeem)) ? .valid : .invalid
    }
  }

  /// One signature of 64 bytes, or 65 with ALL. More items are an annex or a spend by script.
  private func taproot(
    _ output: Hash32, _ witness: [[UInt8]], _ index: Int
  ) -> SpendVerification {
    guard let bytes = witness.first, let key = XOnlyPublicKey(output) else { return .invalid }
    guard witness.count == 1 else { return .unknown }
    return isTaprootSigned(bytes, by: key, input: index) ? .valid : .invalid
  }

  private func isTaprootSigned(_ bytes: [UInt8], by key: XOnlyPublicKey, input: Int) -> Bool {
    let type: SighashType = bytes.count == SchnorrSignature.byteCount ? .default : .all
    guard type == .default || bytes.count == 65 && bytes.last == UInt8(SighashType.all.rawValue),
      let signature = SchnorrSignature(Array(bytes.prefix(SchnorrSignature.byteCount))),
      let hash = taproot(input: input, type: type)
    else { return false }
    return key.verifies(signature, over: hash)
  }

  /// A signature, and the compressed key that the hash is of.
  private func isSignedBy(_ hash: Hash20, _ items: [[UInt8]], _ index: Int, _ form: Form) -> Bool {
    guard items.count == 2, items[1].count == 33, HASH160.hash(items[1]) == hash else {
      return false
    }
    return isSigned(items[0], by: items[1], index, form)
  }

  /// An empty item, which OP_CHECKMULTISIG takes too much, and the signatures in the keys' order.
  private func isSigned(
    _ multisig: MultisigScript, _ items: some Collection<[UInt8]>, _ index: Int, _ form: Form
  ) -> Bool {
    guard items.count == multisig.required + 1, items.first?.isEmpty == true else { return false }
    var keys = multisig.keys[...]
    return items.dropFirst().allSatisfy { signature in
      while let key = keys.popFirst() {
        if isSigned(signature, by: key, index, form) { return true }
      }
      return false
    }
  }

  /// Whether `bytes` is DER with the byte of ALL behind it, and right.
  private func isSigned(_ bytes: [UInt8], by key: [UInt8], _ index: Int, _ form: Form) -> Bool {
    guard bytes.last == UInt8(SighashType.all.rawValue),
      let signature = ECDSASignature(der: bytes.dropLast()), let key = try? PublicKey(key)
    else { return false }
    let hash =
      switch form {
      case .legacy(let code): legacy(input: index, scriptCode: code, type: .all)
      case .segwit(let code, let value):
        segwit(input: index, scriptCode: code, value: value, type: .all)
      }
    return hash.map { key.verifies(signature, over: $0) } ?? false
  }
}
