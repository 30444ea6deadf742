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
    guard asset.symbol == self.asset, let amount = try? Amount(units: amount, asset: asset),
      amount.units == self.amount
    else { return nil }
    return amount.minorUnits
  }

  /// From its text, byte for byte as `text` writes it; nil for anything else.
  package init?(_ text: String) {
    guard text.utf8.count <= Self.maximumBytes else { return nil }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count == Self.names.count + 1, lines[0] == Self.title[...] else { return nil }
    var values: [String] = []
    for (name, line) in zip(Self.names, lines.dropFirst()) {
      guard line.hasPrefix(name + ": ") else { return nil }
      values.append(String(line.dropFirst(name.count + 2)))
    }
    guard let payment = Identifier(values[0], prefix: "pay"), !values[1].isEmpty,
      let chain = ChainName(values[2]), !values[3].isEmpty, !values[4].isEmpty
    else { return nil }
    self.init(
      payment: payment, address: values[1], chain: chain, asset: values[3], amount: values[4])
    // Characters that look alike compare as equal, bytes don't.
    guard Array(text.utf8) == Array(self.text.utf8) else { return nil }
  }

  /// Exactly what is signed; no line break stands at its end.
  package var text: String {
    let values = ["\(payment)", address, chain.text, asset, amount]
    return ([Self.title] + zip(Self.names, values).map { "\($0): \($1)" }).joined(separator: "\n")
  }

  private static let title = "Paywatch refund"
  private static let names = ["payment", "address", "chain", "asset", "amount"]
  private static let maximumBytes = 1_000
}
