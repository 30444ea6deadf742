package import Addresses
package import ChainTypes
package import Keys

/// An output that can be spent with one key, and what a signer has to know to do so.
package struct SpendableCoin: Hashable, Sendable {
  package let outpoint: Outpoint
  /// Satoshi.
  package let value: UInt64
  /// The key, and where it comes from.
  package let derivation: PSBTDerivation
  package let script: SingleKeyScript
  package let scriptPubKey: [UInt8]
  /// The transaction that has the output: needed for P2PKH, and wanted by signers for segwit
  /// version 0, whose signatures prove no other input's value. Without its witness, which proves
  /// nothing here.
  package let previousTransaction: Transaction?

  /// Nil where the output isn't one of the key, or isn't the previous transaction's.
  package init?(
    outpoint: Outpoint, value: UInt64, output: OutputScript, derivation: PSBTDerivation,
    previousTransaction: Transaction? = nil
  ) {
    guard value <= TransactionLimits.maximumValue,
      let script = SingleKeyScript.allCases.first(where: {
        $0.output(of: derivation.key) == output
      })
    else { return nil }
    let scriptPubKey = output.scriptPubKey
    if let previousTransaction {
      guard previousTransaction.txid == outpoint.txid,
        previousTransaction.outputs.indices.contains(Int(outpoint.vout)),
        previousTransaction.outputs[Int(outpoint.vout)]
          == TransactionOutput(value: value, scriptPubKey: scriptPubKey)
      else { return nil }
    }
    self.outpoint = outpoint
    self.value = value
    self.derivation = derivation
    self.script = script
    self.scriptPubKey = scriptPubKey
    self.previousTransaction = previousTransaction?.withoutWitness
  }

  /// Satoshi that its own input costs at a rate, signed.
  package func inputFee(at rate: FeeRate) -> UInt64 {
    rate.fee(
      forVirtualBytes: TransactionSize.virtualBytes(weight: TransactionSize.inputWeight(script)))
  }

  /// How an input of this coin stands in a transaction that isn't signed.
  func fill(_ input: inout PSBTInput) {
    input.nonWitnessUTXO = script == .tr ? nil : previousTransaction
    if script != .pkh {
      input.witnessUTXO = TransactionOutput(value: value, scriptPubKey: scriptPubKey)
    }
    switch script {
    case .tr: input.setTaprootInternalKey(derivation)
    case .shWpkh:
      input.redeemScript = OutputScript.p2wpkh(derivation.key.hash160).scriptPubKey
      input.addDerivation(derivation)
    case .pkh, .wpkh: input.addDerivation(derivation)
    }
  }
}

/// Where the rest of the money comes back to: an output of one of the owner's own keys.
package struct ChangeOutput: Hashable, Sendable {
  package let derivation: PSBTDerivation
  package let script: SingleKeyScript
  package let scriptPubKey: [UInt8]

  /// Nil where the script has no output of the key, which nobody has ever met.
  package init?(derivation: PSBTDerivation, script: SingleKeyScript) {
    guard let output = script.output(of: derivation.key) else { return nil }
    self.derivation = derivation
    self.script = script
    scriptPubKey = output.scriptPubKey
  }

  func fill(_ output: inout PSBTOutput) {
    switch script {
    case .tr: output.setTaprootInternalKey(derivation)
    case .shWpkh:
      output.redeemScript = OutputScript.p2wpkh(derivation.key.hash160).scriptPubKey
      output.addDerivation(derivation)
    case .pkh, .wpkh: output.addDerivation(derivation)
    }
  }
}

/// What a transaction pays to somebody.
package struct OutgoingPayment: Hashable, Sendable {
  package let scriptPubKey: [UInt8]
  /// Satoshi; with `paysFee`, what the receiver would get if there were no fee.
  package let value: UInt64
  /// Whether the fee comes out of this payment; several share it equally.
  package let paysFee: Bool

  package init(scriptPubKey: [UInt8], value: UInt64, paysFee: Bool = false) {
    self.scriptPubKey = scriptPubKey
    self.value = value
    self.paysFee = paysFee
  }
}
