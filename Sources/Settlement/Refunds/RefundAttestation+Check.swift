internal import ChainTypes
internal import Payments
internal import Payouts

extension RefundAttestation {
  /// With its signer's address in its own form. Throws `RefundRefusal.attestationInvalid` where the
  /// signature isn't the signer's, or, but for the tenant's approvers, isn't made as messages are
  /// signed on the chain.
  func checked(on spec: ChainSpec, approvers: RefundApprovers) throws -> RefundAttestation {
    let isApprovers = approvers.signers.values.contains(signer)
    let found: String?
    switch (kind, spec.family) {
    case (_, _) where isApprovers: found = verifiedSigner()
    case (.eip191, .ethereum): found = verifiedSigner()
    case (.bip322, .bitcoin(let network)): found = verifiedSigner(on: network)
    case (.bip322, .ethereum), (.eip191, .bitcoin):
      throw RefundRefusal.attestationInvalid(
        "\(kind.rawValue) isn't how messages are signed on \(spec.name)")
    }
    guard let found else {
      throw RefundRefusal.attestationInvalid("the signature isn't \(signer)'s over this message")
    }
    return RefundAttestation(kind: kind, signer: found, message: message, signature: signature)
  }
}
