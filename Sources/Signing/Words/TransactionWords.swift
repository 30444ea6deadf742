package import Bytes
internal import ChainTypes
internal import Ethereum
internal import Keys
internal import Payments
internal import Payouts

/// What a transaction does, in words for whoever decides.
package enum TransactionWords {
  package static func lines(_ facts: OutgoingFacts, policy: ChainPolicy) -> [String] {
    let kind = facts.purpose.map { "\($0.rawValue) on " } ?? ""
    let payments =
      facts.isVoid
      ? ["moves nothing, and uses the nonce up: no other transaction with it can be mined then"]
      : facts.payments.map { line($0, policy) }
    return ["\(facts.name): \(kind)\(policy.spec.name)"]
      + (source(facts) + payments + [fee(facts, policy)])
      .map { "  " + $0 }
  }

  private static func source(_ facts: OutgoingFacts) -> [String] {
    switch facts.cost {
    case .bitcoin(let inputs, _): ["spends \(inputs) of our coins"]
    case .ethereum(let from, let path, let nonce, _, _):
      ["from \(from) (\(path)), nonce \(nonce)"]
    }
  }

  private static func line(_ payment: OutgoingFacts.Payment, _ policy: ChainPolicy) -> String {
    let what = "\(payment.amount) to \(payment.address)"
    if let path = payment.ownPath { return "moves \(what), which is ours (\(path))" }
    var remarks: [String] = []
    if let refund = payment.refund {
      remarks.append("refund \(refund.id) of \(refund.payment)")
      remarks.append("requested by \(refund.requestedBy)")
    }
    switch payment.attestation {
    case .valid(let signer, _):
      remarks.append("attested by \(self.signer(signer, payment, policy))")
    case .invalid(let reason): remarks.append(reason)
    case .none: break
    }
    for approver in payment.approvers.intersection(policy.operators).sorted() {
      remarks.append("approved by the operator \(approver)")
    }
    if policy.destinations.contains(payment.address) { remarks.append("a listed destination") }
    if remarks.isEmpty { remarks.append("not described") }
    return "pays \(what) (\(remarks.joined(separator: ", ")))"
  }

  private static func signer(
    _ signer: String, _ payment: OutgoingFacts.Payment, _ policy: ChainPolicy
  ) -> String {
    if policy.operators.contains(signer) { return "the operator \(signer)" }
    return signer == payment.address
      ? "the address itself" : "\(signer), for which nobody vouches"
  }

  private static func fee(_ facts: OutgoingFacts, _ policy: ChainPolicy) -> String {
    guard let fee = facts.fee else { return "a fee that can't be told" }
    return switch facts.cost {
    case .bitcoin(_, let size): "fee \(fee) sat, \(feeRate(fee, size))"
    case .ethereum(_, _, _, let gas, let caps):
      "fee at most \(Amount(minorUnits: fee, asset: policy.spec.asset)): \(gas) gas at "
        + "\(gwei(caps.maxFeePerGas)), of which \(gwei(caps.maxPriorityFeePerGas)) tip"
    }
  }

  /// `5.0 sat/vB`, rounded up.
  package static func feeRate(_ fee: UInt256, _ virtualBytes: UInt64) -> String {
    guard let tenths = try? fee.multiplied(by: 10),
      let (quotient, remainder) = try? tenths.divided(by: UInt256(virtualBytes)),
      let rate = remainder == .zero ? quotient : try? quotient.adding(.one)
    else { return "no rate" }
    return Amount(minorUnits: rate, asset: Asset(symbol: "sat/vB", decimals: 1)).description
  }

  package static func feeRate(perKilobyte: UInt64) -> String {
    let rate = Amount(
      minorUnits: UInt256(perKilobyte), asset: Asset(symbol: "sat/vB", decimals: 3))
    return rate.description
  }

  package static func gwei(_ wei: UInt256) -> String {
    Amount(minorUnits: wei, asset: Asset(symbol: "gwei", decimals: 9)).description
  }
}
