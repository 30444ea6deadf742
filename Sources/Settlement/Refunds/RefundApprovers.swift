internal import Payments
internal import Payouts

/// Who may approve a tenant's refunds, each with the key that signs for it. Where nobody is listed,
/// anybody's name is an approval.
package struct RefundApprovers: Sendable, Equatable {
  /// Addresses in their own forms, of either family, by their holders' names.
  package let signers: [String: String]

  package init(_ signers: [String: String] = [:]) { self.signers = signers }

  package var isEmpty: Bool { signers.isEmpty }

  /// What makes a signature an approval by this name; nil without one.
  func proof(
    of terms: RefundTerms, by name: String, signature: String?
  ) throws -> RefundAttestation? {
    guard !isEmpty || terms.wantsSignedApprovals == true else { return nil }
    guard let signer = signers[name] else { throw RefundRefusal.unknownApprover(name) }
    guard let statement = ApprovalStatement(approving: terms, by: name)?.text else {
      throw CorruptRow.column("terms")
    }
    guard let signature else { throw RefundRefusal.approvalUnsigned(statement: statement) }
    let proof = RefundAttestation(
      kind: signer.hasPrefix("0x") ? .eip191 : .bip322, signer: signer, message: statement,
      signature: signature)
    guard isValid(proof, of: terms, by: name) else {
      throw RefundRefusal.approvalInvalid(signer: signer, statement: statement)
    }
    return proof
  }

  /// Whether this name's key signed for just this refund.
  func isValid(_ proof: RefundAttestation, of terms: RefundTerms, by name: String) -> Bool {
    proof.message == ApprovalStatement(approving: terms, by: name)?.text
      && signers[name] == proof.signer && proof.verifiedSigner() == proof.signer
  }

  /// Why the refund isn't approved by as many as it takes, as the approvers are listed now; nil
  /// where it is. Names alone don't count where keys are listed.
  func fault(of refund: Refund) -> String? {
    let terms = refund.terms
    guard terms.approvalsNeeded > 0, !isEmpty || terms.wantsSignedApprovals == true else {
      return nil
    }
    let valid = refund.approvals.filter { approval in
      approval.proof.map { isValid($0, of: terms, by: approval.by) } ?? false
    }
    let signers = Set(valid.compactMap(\.proof?.signer))
    guard signers.count < terms.approvalsNeeded else { return nil }
    return
      "\(signers.count) of the approvals that it takes (\(terms.approvalsNeeded)) are signed by "
      + "approvers that are listed now: cancel it, and request it anew"
  }
}
