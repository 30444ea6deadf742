internal import Bytes
internal import ChainTypes
internal import Payments
internal import Payouts

/// Verifies, without a network, who signed for a refund.
enum AttestationCheck {
  static func check(
    _ refund: RefundOut?, for payment: OutgoingFacts.Payment, on chain: ChainName
  ) -> OutgoingFacts.Attestation {
    guard let refund, let attestation = refund.attestation else { return .none }
    guard let statement = RefundStatement(attestation.message) else {
      return .invalid("what was signed for it is no refund statement")
    }
    guard
      let most = statement.allows(
        refund.payment, to: payment.address, on: chain, in: payment.amount.asset)
    else {
      return .invalid(
        "the statement that was signed is for \(statement.amount.withoutControls) "
          + "\(statement.asset.withoutControls) of \(statement.payment) to "
          + "\(statement.address.withoutControls) on \(statement.chain)")
    }
    guard let signer = attestation.verifiedSigner() else {
      return .invalid("the signature under its statement isn't \(attestation.signer)'s")
    }
    return .valid(signer: signer, upTo: most)
  }

  /// Who approved the refund, by their addresses: of those who signed for just this refund of this
  /// payment to this address, and for no less than is paid.
  static func approvers(
    _ refund: RefundOut?, of payment: OutgoingFacts.Payment, on chain: ChainName
  ) -> Set<String> {
    guard let refund else { return [] }
    return Set(
      refund.approvals.compactMap { approval in
        guard let statement = ApprovalStatement(approval.message),
          let amount = statement.allows(
            refund.id, of: refund.payment, to: payment.address, on: chain,
            in: payment.amount.asset), payment.amount.minorUnits <= amount
        else { return nil }
        return approval.verifiedSigner()
      })
  }
}
