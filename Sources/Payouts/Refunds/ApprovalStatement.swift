package import Bytes
package import ChainTypes
package import Payments

/// What somebody signs who approves a refund: all that it will do, and in whose name.
package struct ApprovalStatement: Hashable, Sendable {
  /// `ref_…`
  package let refund: Identifier
  /// `pay_…`
  package let payment: Identifier
  package let address: String
  package let chain: ChainName
  /// The asset's symbol.
  package let asset: String
  /// What the refund takes, in units of the asset with all of its decimals.
  package let amount: String
  /// As the configuration lists the approver.
  package let approver: String

  package init(
    refund: Identifier, payment: Identifier, address: String, chain: ChainName, asset: String,
    amount: String, approver: String
  ) {
    self.refund = refund
    self.payment = payment
    self.address = address
    self.chain = chain
    self.asset = asset
    self.amount = amount
    self.approver = approver
  }

  /// Nil where its ids are none.
  package init?(approving terms: RefundTerms, by approver: String) {
    guard let refund = Identifier(terms.id, prefix: "ref"),
      let payment = Identifier(terms.payment, prefix: "pay")
    else { return nil }
    self.init(
      refund: refund, payment: payment, address: terms.address, chain: terms.chain,
      asset: terms.asset.symbol,
      amount: Amount(minorUnits: terms.amount, asset: terms.asset).units, approver: approver)
  }

  /// From its text, byte for byte as `text` writes it; nil for anything else.
  package init?(_ text: String) {
    guard let values = Self.lines.values(in: text),
      let refund = Identifier(values[0], prefix: "ref"),
      let payment = Identifier(values[1], prefix: "pay"), let chain = ChainName(values[3])
    else { return nil }
    self.init(
      refund: refund, payment: payment, address: values[2], chain: chain, asset: values[4],
      amount: values[5], approver: values[6])
    guard Array(text.utf8) == Array(self.text.utf8) else { return nil }
  }

  /// How many of the asset's minor units it approves, where it is about just this refund of this
  /// payment to this address; nil where it isn't.
  package func allows(
    _ refund: Identifier, of payment: Identifier, to address: String, on chain: ChainName,
    in asset: Asset
  ) -> UInt256? {
    guard self.refund == refund, self.payment == payment, self.address == address,
      self.chain == chain
    else { return nil }
    return SignedLines.amount(amount, self.asset, of: asset)
  }

  /// Exactly what is signed; no line break stands at its end.
  package var text: String {
    Self.lines.text([
      "\(refund)", "\(payment)", address, chain.text, asset, amount, approver,
    ])
  }

  private static let lines = SignedLines(
    title: "Paywatch approval",
    names: ["refund", "payment", "address", "chain", "asset", "amount", "approver"])
}
