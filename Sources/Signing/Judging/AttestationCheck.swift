internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainTypes
internal import Ethereum
internal import Keys
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
    guard statement.payment == refund.payment, statement.address == payment.address,
      statement.chain == chain, let most = statement.amount(of: payment.amount.asset)
    else {
      return .invalid(
        "the statement that was signed is for \(statement.amount.withoutControls) "
          + "\(statement.asset.withoutControls) of \(statement.payment) to "
          + "\(statement.address.withoutControls) on \(statement.chain)")
    }
    let message = Array(attestation.message.utf8)
    let signer =
      switch attestation.kind {
      case .bip322: bitcoinSigner(attestation, message)
      case .eip191: ethereumSigner(attestation, message)
      }
    guard let signer else {
      return .invalid("the signature under its statement isn't \(attestation.signer)'s")
    }
    return .valid(signer: signer, upTo: most)
  }

  /// The signer's address where the signature is its own.
  private static func bitcoinSigner(
    _ attestation: RefundAttestation, _ message: [UInt8]
  ) -> String? {
    let addresses = BitcoinNetwork.Kind.allCases.lazy.compactMap {
      try? BitcoinAddress(attestation.signer, network: BitcoinNetwork($0))
    }
    guard let address = addresses.first,
      let signature = try? MessageSignature(attestation.signature),
      signature.verification(of: message, by: address.output) == .valid
    else { return nil }
    return address.text
  }

  /// The same, from `r`, `s` and 27 or 28, or 0 or 1, as wallets give them.
  private static func ethereumSigner(
    _ attestation: RefundAttestation, _ message: [UInt8]
  ) -> String? {
    let text = attestation.signature
    guard text.hasPrefix("0x"), text.utf8.count == 132,
      let bytes = try? Hex.decode(text.dropFirst(2)), let v = bytes.last,
      [0, 1, 27, 28].contains(v),
      let r = Hash32(Array(bytes.prefix(32))), let s = Hash32(Array(bytes[32..<64])),
      let claimed = try? EthereumAddress(attestation.signer)
    else { return nil }
    let signature = RecoverableSignature(r: r, s: s, isOdd: v == 28 || v == 1)
    guard PersonalMessage.signer(of: message, signature: signature) == claimed else { return nil }
    return claimed.text
  }
}
