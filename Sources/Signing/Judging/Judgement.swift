internal import Bytes
internal import ChainTypes
internal import Ethereum
internal import Payments
internal import Payouts

/// Whether a policy lets a transaction be signed.
package enum Judgement {
  /// Why it doesn't: each reason a sentence, all of them; empty where it may be signed.
  ///
  /// - Parameters:
  ///   - record: what was signed before, and what of the same batch goes before this one
  ///   - today: the day that the machine's clock tells
  package static func refusals(
    _ facts: OutgoingFacts, policy: ChainPolicy, record: SigningRecord, today: SigningRecord.Day
  ) -> [String] {
    let reasons =
      facts.faults + destinations(facts, policy, record) + repetitions(facts, record)
    // Where a fee can't be told, its faults say why.
    guard let fee = facts.fee else {
      return reasons.isEmpty ? ["Its fee can't be told."] : reasons
    }
    return reasons + fees(facts, fee, policy) + limits(facts, policy, record, today)
  }

  // Where the money goes.
  private static func destinations(
    _ facts: OutgoingFacts, _ policy: ChainPolicy, _ record: SigningRecord
  ) -> [String] {
    var refusals: [String] = []
    if facts.payments.isEmpty, facts.faults.isEmpty { refusals.append("It pays nothing.") }
    if facts.isVoid { return refusals }
    if facts.purpose == .void {
      refusals.append("It is called void, but it does more than to use up a nonce of an account.")
    }
    for payment in facts.payments {
      let what = "\(payment.amount) to \(payment.address)"
      if payment.amount.minorUnits == .zero { refusals.append("It pays nothing: \(what).") }
      guard payment.ownPath == nil else { continue }
      if payment.refund == nil, facts.purpose == .refund {
        refusals.append("It is called a refund, but \(what) is none by its description.")
      }
      if facts.purpose == .gas {
        refusals.append("Gas is for our own accounts, but it pays \(what).")
      }
      guard !policy.destinations.contains(payment.address) else { continue }
      guard payment.refund != nil else {
        refusals.append(
          "It pays \(what), which is neither ours, nor among the policy's destinations, nor a refund."
        )
        continue
      }
      let isSmall = isUnattestedAllowed(payment, of: facts, policy, record)
      if let reason = (isSmall ? nil : refundRefusal(payment, policy))
        ?? approvalRefusal(payment, policy)
      {
        refusals.append("It refunds \(what), but \(reason).")
      }
    }
    return refusals
  }

  /// Whether nobody needs to have signed for it: with all that goes back of its payment it is no
  /// more than the policy lets pass so. A statement that is there must be right all the same.
  private static func isUnattestedAllowed(
    _ payment: OutgoingFacts.Payment, of facts: OutgoingFacts, _ policy: ChainPolicy,
    _ record: SigningRecord
  ) -> Bool {
    guard policy.refunds == .attested, case .none = payment.attestation,
      let refund = payment.refund, let most = policy.unattested[payment.amount.asset.symbol]
    else { return false }
    return sum(of: refund.payment, to: nil, payment.amount.asset, facts, record) <= most
  }

  private static func refundRefusal(
    _ payment: OutgoingFacts.Payment, _ policy: ChainPolicy
  ) -> String? {
    switch (policy.refunds, payment.attestation) {
    case (.any, .invalid(let reason)), (.attested, .invalid(let reason)): return reason
    case (.any, _): return nil
    case (.listed, _): return "the policy pays listed destinations alone"
    case (.attested, .none): return "nobody signed a statement that it goes there"
    case (.attested, .valid(let signer, _)):
      if policy.operators.contains(signer) { return nil }
      guard policy.attesters == .payers else {
        return "\(signer), which signed for it, is none of the policy's operators"
      }
      return signer == payment.address
        ? nil : "\(signer), which signed for it, is neither where it goes nor an operator"
    }
  }

  /// Who attested it asked for it, and is no approver besides.
  private static func approvalRefusal(
    _ payment: OutgoingFacts.Payment, _ policy: ChainPolicy
  ) -> String? {
    var approvers = payment.approvers.intersection(policy.operators)
    if case .valid(let signer, _) = payment.attestation { approvers.remove(signer) }
    guard approvers.count < policy.approvals else { return nil }
    return "\(approvers.count) of the policy's operators approved it, and \(policy.approvals) must"
  }

  // What it costs.
  private static func fees(
    _ facts: OutgoingFacts, _ fee: UInt256, _ policy: ChainPolicy
  ) -> [String] {
    var refusals: [String] = []
    let coin = policy.spec.asset
    if fee > policy.fees.perTransaction {
      refusals.append(
        "Its fee of \(Amount(minorUnits: fee, asset: coin)) is above the policy's "
          + "\(Amount(minorUnits: policy.fees.perTransaction, asset: coin)).")
    }
    switch (facts.cost, policy.fees.rate) {
    case (.bitcoin(let inputs, let size), .bitcoin(let most)):
      if inputs > policy.maximumInputs {
        refusals.append("It has \(inputs) inputs; the policy allows \(policy.maximumInputs).")
      }
      // No transaction has a size near 2⁶⁴ / 10⁹.
      let allowed = try? UInt256(most).multiplied(by: UInt256(size))
      let paid = try? fee.multiplied(by: 1_000)
      if paid ?? .max > allowed ?? .zero {
        refusals.append(
          "Its fee rate of \(TransactionWords.feeRate(fee, size)) is above the policy's "
            + "\(TransactionWords.feeRate(perKilobyte: most)).")
      }
    case (.ethereum(_, _, _, let gas, let caps), .ethereum(let price, let mostGas)):
      if gas > mostGas {
        refusals.append("It may use \(gas) gas; the policy allows \(mostGas).")
      }
      if caps.maxFeePerGas > price {
        refusals.append(
          "It offers \(TransactionWords.gwei(caps.maxFeePerGas)) for each gas; the policy allows "
            + "\(TransactionWords.gwei(price)).")
      }
      if caps.maxPriorityFeePerGas > caps.maxFeePerGas {
        refusals.append("Its tip is higher than its whole fee.")
      }
    default: refusals.append("It is a transaction of another family than \(policy.spec.name)'s.")
    }
    return refusals
  }

  // How much it is.
  private static func limits(
    _ facts: OutgoingFacts, _ policy: ChainPolicy, _ record: SigningRecord,
    _ today: SigningRecord.Day
  ) -> [String] {
    var refusals: [String] = []
    let coin = policy.spec.asset
    func amount(_ value: UInt256, _ symbol: String) -> String {
      guard let asset = policy.spec.listed(symbol)?.asset else { return "\(value) \(symbol)" }
      return "\(Amount(minorUnits: value, asset: asset))"
    }
    let paid = facts.paidAway
    for (symbol, increase) in record.increases(of: facts, coin: coin).sorted(by: { $0.key < $1.key }
    ) {
      guard let limit = policy.limits[symbol] else {
        refusals.append("The policy has no limits for \(symbol), so that none may be paid.")
        continue
      }
      if let paid = paid[symbol], paid > limit.perTransaction {
        refusals.append(
          "It pays \(amount(paid, symbol)) away; the policy allows "
            + "\(amount(limit.perTransaction, symbol)) for each transaction.")
      }
      let before = record.total(symbol, on: facts.chain, day: today)
      let after = (try? before.adding(increase)) ?? .max
      if after > limit.perDay {
        refusals.append(
          "With it, \(amount(after, symbol)) leave on \(today.text); the policy allows "
            + "\(amount(limit.perDay, symbol)) a day.")
      }
    }
    return refusals
  }

  // Whether it was paid before.
  private static func repetitions(
    _ facts: OutgoingFacts, _ record: SigningRecord
  ) -> [String] {
    var refusals: [String] = []
    if facts.slots.isEmpty { refusals.append("It uses up nothing that could be used once only.") }
    if let refund = record.paidElsewhere(facts) {
      refusals.append(
        "\(refund) was signed before in a transaction that can be mined beside this one: it would "
          + "be paid twice.")
    }
    let named = facts.payments.compactMap(\.refund?.id)
    if Set(named).count < named.count { refusals.append("It pays one refund twice.") }
    return refusals + excesses(facts, record)
  }

  /// Refunds that come to more than their payment received, or than was attested, with those of it
  /// that were signed before: whatever the server says of each, sums are kept here.
  private static func excesses(_ facts: OutgoingFacts, _ record: SigningRecord) -> [String] {
    var refusals: [String] = []
    for payment in facts.payments {
      guard let refund = payment.refund else { continue }
      let asset = payment.amount.asset
      let all = sum(of: refund.payment, to: nil, asset, facts, record)
      if all > refund.receipts {
        refusals.append(
          "With it, \(Amount(minorUnits: all, asset: asset)) would go back of \(refund.payment), "
            + "which received \(Amount(minorUnits: refund.receipts, asset: asset)). Where a refund "
            + "that was signed before can't be mined any more, name it with --unpaid.")
      }
      if case .valid(_, let most) = payment.attestation,
        sum(of: refund.payment, to: payment.address, asset, facts, record) > most
      {
        refusals.append(
          "With it, more of \(refund.payment) would go to \(payment.address) than the attested "
            + "\(Amount(minorUnits: most, asset: asset)).")
      }
    }
    return refusals
  }

  /// What goes back of a payment, to one address or to all, with what was signed before; saturates.
  private static func sum(
    of payment: Identifier, to address: String?, _ asset: Asset, _ facts: OutgoingFacts,
    _ record: SigningRecord
  ) -> UInt256 {
    let before = record.refunded(of: payment, to: address, in: asset, besides: facts)
    return facts.payments.reduce(before) { sum, other in
      guard other.refund?.payment == payment, other.amount.asset == asset,
        address == nil || other.address == address
      else { return sum }
      return (try? sum.adding(other.amount.minorUnits)) ?? .max
    }
  }

  /// Why nothing is signed by this clock: it decides which day's totals count, and what is
  /// forgotten.
  static func clockRefusal(
    _ record: SigningRecord, today: SigningRecord.Day, afterPause: Bool
  ) -> String? {
    guard let last = record.lastDay else { return nil }
    if last > today {
      return
        "The clock says \(today.text), but something was signed on \(last.text): set the clock."
    }
    guard afterPause || today.number - last.number <= SigningRecord.longestPauseDays else {
      return "The clock says \(today.text), and the last signature is of \(last.text): look at the "
        + "clock, and say --after-pause where it is right."
    }
    return nil
  }
}
