package import Bytes
package import ChainTypes

/// What may be signed on one chain.
package struct ChainPolicy: Sendable {
  package let spec: ChainSpec
  package let accounts: OwnAccounts
  /// Addresses that may be paid whatever the rule for refunds, as the chain writes them.
  package let destinations: Set<String>
  package let refunds: RefundRule
  package let attesters: AttesterRule
  /// Addresses, of either family, whose signatures under refund statements and approvals are
  /// operators'.
  package let operators: Set<String>
  /// How many of them must have approved each refund, besides the one who attested it.
  package let approvals: Int
  /// By the asset's symbol: how much of each payment may be refunded without a statement, such as
  /// what a tenant's policy sends back by itself. In the minor unit.
  package let unattested: [String: UInt256]
  /// By the asset's symbol; what has no limit here may not be paid at all.
  package let limits: [String: SpendingLimit]
  package let fees: FeeLimit
  /// A Bitcoin transaction with more is refused.
  package let maximumInputs: Int

  /// Which addresses, besides `destinations` and our own, a refund may go to.
  package enum RefundRule: String, CaseIterable, Sendable {
    /// Those for which a refund statement is signed.
    case attested
    /// None.
    case listed
    /// All. Limits alone protect the money then.
    case any
  }

  /// Whose signature under a statement counts.
  package enum AttesterRule: String, CaseIterable, Sendable {
    /// Operators', and that of whoever holds the address which is paid: the payer, if the server
    /// tells the truth. That an address has paid can't be seen offline.
    case payers
    /// Operators' alone: a server that lies can't move money without one of their keys.
    case operators
  }

  /// In the asset's minor unit. What goes to our own addresses doesn't count.
  package struct SpendingLimit: Hashable, Sendable {
    package let perTransaction: UInt256
    /// By days of UTC; fees of the chain's own coin count here, too.
    package let perDay: UInt256

    package init(perTransaction: UInt256, perDay: UInt256) {
      self.perTransaction = perTransaction
      self.perDay = perDay
    }
  }

  /// What a transaction may cost at the most.
  package struct FeeLimit: Hashable, Sendable {
    /// In the coin's minor unit.
    package let perTransaction: UInt256
    package let rate: Rate

    package enum Rate: Hashable, Sendable {
      /// Satoshi for 1,000 virtual bytes.
      case bitcoin(perKilobyte: UInt64)
      /// Wei for each gas, and how much gas.
      case ethereum(gasPrice: UInt256, gas: UInt64)
    }

    package init(perTransaction: UInt256, rate: Rate) {
      self.perTransaction = perTransaction
      self.rate = rate
    }
  }

  package init(
    spec: ChainSpec, accounts: OwnAccounts, destinations: Set<String>, refunds: RefundRule,
    attesters: AttesterRule, operators: Set<String>, approvals: Int,
    unattested: [String: UInt256], limits: [String: SpendingLimit], fees: FeeLimit,
    maximumInputs: Int
  ) {
    self.spec = spec
    self.accounts = accounts
    self.destinations = destinations
    self.refunds = refunds
    self.attesters = attesters
    self.operators = operators
    self.approvals = approvals
    self.unattested = unattested
    self.limits = limits
    self.fees = fees
    self.maximumInputs = maximumInputs
  }
}

/// What a machine without a network may sign: the policy file beside its keys.
package struct SigningPolicy: Sendable {
  package let chains: [ChainPolicy]
  /// Where the record of what was signed stands.
  package let recordPath: String

  package init(chains: [ChainPolicy], recordPath: String) {
    self.chains = chains
    self.recordPath = recordPath
  }

  package func chain(_ name: ChainName) -> ChainPolicy? { chains.first { $0.spec.name == name } }
}
