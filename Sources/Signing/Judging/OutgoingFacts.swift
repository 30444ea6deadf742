package import Bytes
package import ChainTypes
package import Ethereum
package import Keys
package import Payments
package import Payouts

/// What a transaction does, read from the transaction itself; of the batch's descriptions only what
/// agrees with it.
package struct OutgoingFacts: Sendable {
  /// `out_…`, or a name for a transaction that came without one.
  package var name: String
  package var chain: ChainName
  /// Nil where nobody says.
  package var purpose: UnsignedTransaction.Purpose?
  /// What it uses up, of which each can be used once: outpoints, or an account's nonce. Two
  /// transactions that share one can't both be mined.
  package var slots: [String]
  package var payments: [Payment]
  /// The most it can cost, in the chain's own coin; nil where that can't be told.
  package var fee: UInt256?
  package var cost: Cost
  /// What of it contradicts itself or its description, or can't be read: each a sentence.
  package var faults: [String]

  package enum Cost: Hashable, Sendable {
    /// The size that it will have when signed.
    case bitcoin(inputs: Int, virtualBytes: UInt64)
    case ethereum(
      from: String, path: DerivationPath, nonce: UInt64, gas: UInt64,
      EthereumTransaction.FeeCaps)
  }

  /// Something that it pays.
  package struct Payment: Hashable, Sendable {
    /// As the chain writes it.
    package var address: String
    package var amount: Amount
    /// Where the address comes from, if it is ours.
    package var ownPath: DerivationPath?
    /// Whether the batch describes it; where there is no batch, nothing is described.
    package var isDescribed: Bool
    /// By its description.
    package var refund: RefundOut?
    package var attestation: Attestation
    /// Addresses whose signatures approve just this refund.
    package var approvers: Set<String>

    package init(
      address: String, amount: Amount, ownPath: DerivationPath? = nil, isDescribed: Bool = false,
      refund: RefundOut? = nil, attestation: Attestation = .none, approvers: Set<String> = []
    ) {
      self.address = address
      self.amount = amount
      self.ownPath = ownPath
      self.isDescribed = isDescribed
      self.refund = refund
      self.attestation = attestation
      self.approvers = approvers
    }
  }

  /// Who says that a refund goes there.
  package enum Attestation: Hashable, Sendable {
    case none
    /// The signature is this address's, and the statement names exactly this payment, its address,
    /// chain and asset, and so many minor units for all of its refunds there.
    case valid(signer: String, upTo: UInt256)
    /// Why it counts for nothing, as the end of a sentence.
    case invalid(String)
  }

  package init(
    name: String, chain: ChainName, purpose: UnsignedTransaction.Purpose?, slots: [String],
    payments: [Payment], fee: UInt256?, cost: Cost, faults: [String] = []
  ) {
    self.name = name
    self.chain = chain
    self.purpose = purpose
    self.slots = slots
    self.payments = payments
    self.fee = fee
    self.cost = cost
    self.faults = faults
  }

  /// What is paid away of each asset, by its symbol.
  package var paidAway: [String: UInt256] {
    var sums: [String: UInt256] = [:]
    for payment in payments where payment.ownPath == nil {
      let symbol = payment.amount.asset.symbol
      // What doesn't fit lies above every limit.
      sums[symbol] = (try? sums[symbol, default: .zero].adding(payment.amount.minorUnits)) ?? .max
    }
    return sums
  }

  /// The same with the fee, which is paid in the chain's own coin.
  package func leaving(coin: Asset) -> [String: UInt256] {
    var sums = paidAway
    guard let fee, fee > .zero else { return sums }
    sums[coin.symbol] = (try? sums[coin.symbol, default: .zero].adding(fee)) ?? .max
    return sums
  }

  /// Whether all that it does is to use up a nonce: nothing of the coin goes from an account of
  /// ours to the same one.
  package var isVoid: Bool {
    guard purpose == .void, case .ethereum(let from, _, let nonce, _, _) = cost,
      nonce != .max, payments.count == 1, let payment = payments.first
    else { return false }
    return payment.address == from && payment.ownPath != nil
      && payment.amount.minorUnits == .zero && payment.amount.asset.contract == nil
  }

  package var refunds: Set<Identifier> { Set(payments.compactMap(\.refund?.id)) }
}
