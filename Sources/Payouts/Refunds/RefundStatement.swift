package import Bytes
package import ChainTypes
package import Payments

/// What an attestation signs: how much of which payment may go back to which address, in which
/// asset on which chain. People read it in their wallet before they sign.
package struct RefundStatement: Hashable, Sendable {
  /// `pay_…`
  package let payment: Identifier
  package let address: String
  package let chain: ChainName
  /// The asset's symbol.
  package let asset: String
  /// What all refunds of the payment to the address may come to, in units of the asset with all of
  /// its decimals: `0.00150000`.
  package let amount: String

  package init(
    payment: Identifier, address: String, chain: ChainName, asset: String, amount: String
  ) {
    self.payment = payment
    self.address = address
    self.chain = chain
    self.asset = asset
    self.amount = amount
  }

  /// The amount in the asset's minor unit; nil where it isn't written with just its decimals.
  package func amount(of asset: Asset) -> UInt256? {
    SignedLines.amount(amount, self.asset, of: asset)
  }

  /// How many of the asset's minor units may go there, where it is about just this payment,
  /// address, chain and asset; nil where it isn't.
  package func allows(
    _ payment: Identifier, to address: String, on chain: ChainName, in asset: Asset
  ) -> UInt256? {
    guard self.payment == payment, self.address == address, self.chain == chain else { return nil }
    return amount(of: asset)
  }

  /// From its text, byte for byte as `text` writes it; nil for anything else.
  package init?(_ text: String) {
    guard let values = Self.lines.values(in: text),
      let payment = Identifier(values[0], prefix: "pay"), let chain = ChainName(values[2])
    else { return nil }
    self.init(
      payment: payment, address: values[1], chain: chain, asset: values[3], amount: values[4])
    guard Array(text.utf8) == Array(self.text.utf8) else { return nil }
  }

  /// Exactly what is signed; no line break stands at its end.
  package var text: String {
    Self.lines.text(["\(payment)", address, chain.text, asset, amount])
  }

  private static let lines = SignedLines(
    title: "Paywatch refund", names: ["payment", "address", "chain", "asset", "amount"])
}
