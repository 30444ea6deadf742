package import Bytes
package import ChainTypes

/// A transaction of ours: what it is to do, and what became of it.
package struct OutgoingTransaction: Hashable, Sendable {
  /// `out_…`
  package let id: String
  package let tenant: String
  package let chain: ChainName
  package let purpose: OutgoingPurpose
  /// What it uses up. One that replaces another shares slots with it.
  package let slots: [OutgoingSlot]
  /// The one that it replaces.
  package let replaces: String?
  /// Whom it pays, in the order of its outputs where it has several.
  package let payouts: [Payout]
  /// What the chain takes for it at most, in its own coin; on Bitcoin just that. On an OP-stack
  /// chain what is taken besides gas has no bound that is signed: twice today's price is in it.
  package let maximumFee: UInt256
  /// What is to be signed: a PSBT in base64, or the transaction's unsigned encoding as `0x` and
  /// digits.
  package let unsigned: String
  /// Where the signing key stands below the account: nil where the PSBT says so itself.
  package let keyPath: String?
  package let createdAt: Timestamp
  package var status: OutgoingStatus
  package var raw: [UInt8]?
  /// Internal byte order on Bitcoin; nil while unknown.
  package var txid: Hash32?
  /// The block of the active chain that it stands in, whatever its depth.
  package var sighting: Sighting?

  /// One payment of value by an outgoing transaction.
  package struct Payout: Hashable, Sendable, Codable {
    /// The refund that it pays; nil where it goes to an address of ours.
    package let refund: String?
    package let address: String
    package let contract: Hash20?
    /// What arrives, in minor units.
    package let amount: UInt256

    package init(refund: String?, address: String, contract: Hash20?, amount: UInt256) {
      self.refund = refund
      self.address = address
      self.contract = contract
      self.amount = amount
    }
  }

  package struct Sighting: Hashable, Sendable {
    package let block: BlockRef
    package let succeeded: Bool
    /// What the chain took, where the block tells.
    package let fee: UInt256?
    /// Of a token's transfer; nil where the chain's own coin moves, which does as it is told.
    package let tokens: Tokens?

    package init(block: BlockRef, succeeded: Bool, fee: UInt256?, tokens: Tokens? = nil) {
      self.block = block
      self.succeeded = succeeded
      self.fee = fee
      self.tokens = tokens
    }
  }

  /// What a token's own logs say that a transfer did, in its smallest unit: a contract may take a
  /// fee, or do nothing and say so by a value that no block shows.
  package struct Tokens: Hashable, Sendable {
    /// All that left our account.
    package let left: UInt256
    /// What of it came to where it was to go.
    package let arrived: UInt256

    package init(left: UInt256, arrived: UInt256) {
      self.left = left
      self.arrived = arrived
    }
  }

  /// What came of it in its block.
  package enum Effect: Hashable, Sendable {
    /// What it was to do.
    case whole
    /// Less arrived than was to.
    case less
    /// It was executed, and its token logged nothing that left our account.
    case nothing
    /// The chain undid it (an EVM status of 0).
    case undone
  }

  /// Nil while it stands in no block.
  package var effect: Effect? {
    guard let sighting else { return nil }
    guard sighting.succeeded else { return .undone }
    guard let tokens = sighting.tokens, let payout = payouts.first else { return .whole }
    if tokens.left == .zero { return .nothing }
    return tokens.arrived >= payout.amount ? .whole : .less
  }

  package init(
    id: String, tenant: String, chain: ChainName, purpose: OutgoingPurpose,
    slots: [OutgoingSlot], replaces: String?, payouts: [Payout], maximumFee: UInt256,
    unsigned: String, keyPath: String?, createdAt: Timestamp, status: OutgoingStatus = .built,
    raw: [UInt8]? = nil, txid: Hash32? = nil, sighting: Sighting? = nil
  ) {
    self.id = id
    self.tenant = tenant
    self.chain = chain
    self.purpose = purpose
    self.slots = slots
    self.replaces = replaces
    self.payouts = payouts
    self.maximumFee = maximumFee
    self.unsigned = unsigned
    self.keyPath = keyPath
    self.createdAt = createdAt
    self.status = status
    self.raw = raw
    self.txid = txid
    self.sighting = sighting
  }

  /// The txid as people write it on its chain.
  package var txidText: String? {
    guard case .nonce = slots.first else { return txid?.text(.bitcoin) }
    return txid?.text(.ethereum)
  }

  package var refunds: [String] { payouts.compactMap(\.refund) }

  /// What of `payouts` leaves our addresses: refunds, and of a withdrawal the first. The others
  /// come back to us.
  package var leaving: [Payout] {
    purpose == .withdrawal ? Array(payouts.prefix(1)) : payouts.filter { $0.refund != nil }
  }

  private var returning: [Payout] {
    purpose == .withdrawal ? Array(payouts.dropFirst()) : payouts.filter { $0.refund == nil }
  }

  /// What it takes of the ledger's accounts in each asset, as its block shows it. Nothing while it
  /// stands in none.
  package var ledgerEntries: [LedgerEntry] {
    let contracts = Set(payouts.map(\.contract)).union([nil])
    // The chain's own coin first.
    return contracts.sorted { ($0?.hex ?? "") < ($1?.hex ?? "") }.compactMap { contract in
      guard let sighting else {
        return LedgerEntry(chain: chain, contract: contract, postings: [])
      }
      // What a token kept for itself is a fee in the token.
      let fee =
        contract == nil
        ? sighting.fee ?? maximumFee
        : sighting.tokens.map { $0.left.subtractingOrZero($0.arrived) } ?? .zero
      func sum(_ payouts: [Payout]) -> UInt256? {
        guard sighting.succeeded else { return .zero }
        // A token's transfer pays one alone.
        if contract != nil, let tokens = sighting.tokens {
          return payouts.isEmpty ? .zero : tokens.arrived
        }
        return payouts.filter { $0.contract == contract }.reduce(UInt256.zero) { sum, payout in
          sum.flatMap { try? $0.adding(payout.amount) }
        }
      }
      guard let left = sum(leaving), let returned = sum(returning) else { return nil }
      return LedgerEntry.outgoing(
        left, to: purpose == .withdrawal ? .withdrawals : .refunds, returned: returned, fee: fee,
        on: chain, contract: contract)
    }
  }
}
