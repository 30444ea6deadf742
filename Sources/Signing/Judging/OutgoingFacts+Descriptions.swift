internal import Addresses
internal import Bytes
internal import ChainTypes
internal import Payments
package import Payouts

extension OutgoingFacts {
  /// Lays a batch's descriptions beside what the transaction does. Each must agree with a payment
  /// of its own, and each payment but those to ourselves must have one: else it is a fault.
  package mutating func compare(with descriptions: [PaymentOut], policy: ChainPolicy) {
    for description in descriptions {
      guard
        let place = payments.firstIndex(where: { payment in
          !payment.isDescribed && payment.address == description.address
            && payment.amount.minorUnits == description.amount
            && payment.amount.asset.symbol == description.asset
            && payment.amount.asset.contract == description.contract
        })
      else {
        faults.append(
          "The batch says that it pays \(description.amount) of \(description.asset)'s minor unit "
            + "to \(description.address), but it doesn't.")
        continue
      }
      payments[place].isDescribed = true
      if let path = description.path {
        let address = try? EthereumAddress(description.address)
        payments[place].ownPath = address.flatMap { policy.accounts.path(of: $0, claimed: path) }
        if payments[place].ownPath == nil {
          faults.append(
            "It is said to pay ourselves at \(path), where none of the policy's accounts has "
              + "\(description.address).")
        }
      }
      payments[place].refund = description.refund
      payments[place].attestation = AttestationCheck.check(
        description.refund, for: payments[place], on: chain)
      payments[place].approvers = AttestationCheck.approvers(
        description.refund, of: payments[place], on: chain)
      if description.refund != nil, let purpose, purpose != .refund {
        faults.append("It is called \(purpose.rawValue), but one of its payments a refund.")
      }
      if description.refund != nil, payments[place].ownPath != nil {
        faults.append("It is said to refund \(description.address), which is ours.")
      }
    }
    for payment in payments where !payment.isDescribed && payment.ownPath == nil {
      faults.append(
        "It pays \(payment.amount) to \(payment.address), of which the batch says nothing.")
    }
  }
}
