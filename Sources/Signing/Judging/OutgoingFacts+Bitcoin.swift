internal import Addresses
package import Bitcoin
internal import Bytes
package import ChainTypes
internal import Keys
package import Payouts

extension OutgoingFacts {
  /// What a partially signed transaction does.
  ///
  /// What it spends is taken from whole previous transactions, whose txids its inputs name, or is
  /// committed to by every signature (taproot); what is merely said isn't believed.
  package init(
    _ psbt: PSBT, name: String, purpose: UnsignedTransaction.Purpose?, policy: ChainPolicy,
    network: BitcoinNetwork
  ) {
    let transaction = psbt.transaction
    var faults: [String] = []
    let spent = psbt.spentOutputs
    for (index, output) in spent.enumerated() {
      if let fault = Self.fault(of: output, psbt.inputs[index], policy.accounts) {
        faults.append("Its input \(index) \(fault).")
      }
    }
    var payments: [Payment] = []
    for (index, output) in transaction.outputs.enumerated() {
      let script = output.scriptPubKey
      guard let address = BitcoinAddress(scriptPubKey: script.span.bytes, network: network),
        address.output.hasSpendableKey
      else {
        faults.append("Its output \(index) pays \(output.value) sat to no address.")
        continue
      }
      payments.append(
        Payment(
          address: address.text,
          amount: Amount(minorUnits: UInt256(output.value), asset: policy.spec.asset),
          ownPath: policy.accounts.path(of: script, claimed: psbt.outputs[index].claimed)))
    }
    if psbt.fee == nil, faults.isEmpty { faults.append("It pays more than it spends.") }
    self.init(
      name: name, chain: policy.spec.name, purpose: purpose,
      slots: transaction.inputs.map { "\(policy.spec.name):\($0.outpoint)" }, payments: payments,
      fee: psbt.fee.map { UInt256($0) },
      cost: .bitcoin(
        inputs: transaction.inputs.count, virtualBytes: psbt.signedVirtualBytes(spent)),
      faults: faults)
  }

  /// What is wrong with what an input spends, as the end of a sentence.
  private static func fault(
    of output: TransactionOutput?, _ input: PSBTInput, _ accounts: OwnAccounts
  ) -> String? {
    guard let output else { return "doesn't say what it spends" }
    if let stated = input.witnessUTXO, stated != output {
      return "says two things about what it spends"
    }
    let script = OutputScript(scriptPubKey: output.scriptPubKey)
    var isTaproot = false
    if case .p2tr? = script { isTaproot = true }
    guard input.nonWitnessUTXO != nil || isTaproot else {
      return "lacks the transaction that it spends from, which proves its value"
    }
    if let type = input.sighashType, type != .all, type != .default {
      return "asks for a signature of type \(type), which leaves the transaction open to changes"
    }
    guard accounts.path(of: output.scriptPubKey, claimed: input.claimed) != nil else {
      return "spends what belongs to none of the policy's accounts"
    }
    return nil
  }
}

extension PSBTInput {
  fileprivate var claimed: [KeyOrigin] {
    derivations.map(\.origin) + taprootDerivations.filter(\.leafHashes.isEmpty).map(\.origin)
  }
}

extension PSBTOutput {
  fileprivate var claimed: [KeyOrigin] {
    derivations.map(\.origin) + taprootDerivations.filter(\.leafHashes.isEmpty).map(\.origin)
  }
}

extension PSBT {
  /// The size that the transaction has once signed with the largest signatures of our own scripts;
  /// all other scripts were found to be faults.
  fileprivate func signedVirtualBytes(_ spent: [TransactionOutput?]) -> UInt64 {
    let scripts = spent.map { output -> SingleKeyScript in
      switch output.flatMap({ OutputScript(scriptPubKey: $0.scriptPubKey) }) {
      case .p2pkh?: .pkh
      case .p2sh?: .shWpkh
      case .p2tr?: .tr
      default: .wpkh
      }
    }
    let weight = TransactionSize.weight(
      inputs: scripts, outputs: transaction.outputs.map(\.scriptPubKey))
    return UInt64(TransactionSize.virtualBytes(weight: weight))
  }
}
