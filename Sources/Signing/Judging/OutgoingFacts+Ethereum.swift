internal import Addresses
internal import Bytes
internal import ChainTypes
internal import Ethereum
internal import Keys
package import Payouts

extension OutgoingFacts {
  /// What an unsigned transaction of an EVM chain does: it sends the coin, or it calls `transfer`
  /// of a token that the chain's description lists. Nothing else is understood.
  package init(
    _ offer: EthereumOffer, name: String, purpose: UnsignedTransaction.Purpose?,
    policy: ChainPolicy
  ) {
    let spec = policy.spec
    var faults: [String] = []
    var payments: [Payment] = []
    func pay(_ recipient: EthereumAddress, _ value: UInt256, _ asset: Asset) {
      payments.append(
        Payment(
          address: recipient.text, amount: Amount(minorUnits: value, asset: asset)))
    }
    if policy.accounts.path(of: offer.from, claimed: offer.path) == nil {
      faults.append(
        "It is sent from \(offer.from), which belongs at \(offer.path) to none of the policy's "
          + "accounts.")
    }
    if offer.data.isEmpty {
      pay(offer.to, offer.value, spec.asset)
    } else if let token = spec.token(offer.to.hash)?.asset {
      switch TokenCall(offer.data) {
      case .transfer(let recipient, let value): pay(recipient, value, token)
      case .balanceOf?, nil: faults.append("It calls \(token) with something else than a transfer.")
      }
      if offer.value > .zero { faults.append("It sends the coin to \(token)'s contract, too.") }
    } else {
      faults.append("It calls \(offer.to), which is no token that \(spec.name) lists.")
    }
    if offer.nonce == .max { faults.append("No transaction has its nonce.") }
    let fee = GasLimit.cost(offer.gas, offer.caps)
    self.init(
      name: name, chain: spec.name, purpose: purpose,
      slots: ["\(spec.name):\(offer.from)/\(offer.nonce)"], payments: payments, fee: fee,
      cost: .ethereum(
        from: offer.from.text, path: offer.path, nonce: offer.nonce, gas: offer.gas, offer.caps),
      faults: faults)
  }
}
