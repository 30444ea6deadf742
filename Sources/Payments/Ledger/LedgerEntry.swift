package import Bytes
package import ChainTypes

/// One side of an entry: so much more, or less, on an account.
package struct LedgerPosting: Hashable, Sendable, Codable {
  package let account: LedgerAccount
  package let side: Side
  /// Minor units; never zero.
  package let amount: UInt256

  package enum Side: String, Hashable, Sendable, Codable {
    case debit
    case credit

    package var opposite: Side { self == .debit ? .credit : .debit }
  }

  package init(_ account: LedgerAccount, _ side: Side, _ amount: UInt256) {
    self.account = account
    self.side = side
    self.amount = amount
  }

  package var reversed: LedgerPosting { LedgerPosting(account, side.opposite, amount) }
}

/// What is booked of one thing (a transfer, a payment, an outgoing transaction) in one asset.
///
/// A pure function of how that thing stands. When it stands otherwise, what was booked is reversed
/// by an entry of its own and booked anew: nothing is ever changed.
package struct LedgerEntry: Hashable, Sendable, Codable {
  package let chain: ChainName
  /// Nil for the chain's own coin.
  package let contract: Hash20?
  /// In the order in which they are written; none where nothing is booked.
  package let postings: [LedgerPosting]

  /// Nil where debits and credits differ, or their sums exceed 256 bits.
  package init?(chain: ChainName, contract: Hash20?, postings: [LedgerPosting]) {
    var (debit, credit) = (UInt256.zero, UInt256.zero)
    for posting in postings {
      guard posting.amount > .zero else { return nil }
      switch posting.side {
      case .debit:
        guard let sum = try? debit.adding(posting.amount) else { return nil }
        debit = sum
      case .credit:
        guard let sum = try? credit.adding(posting.amount) else { return nil }
        credit = sum
      }
    }
    guard debit == credit else { return nil }
    self.chain = chain
    self.contract = contract
    self.postings = postings
  }

  /// What exceeds this isn't booked: no listed asset has so much, and the sums of all that is stay
  /// within 256 bits. A token that claims otherwise stops nothing but its own books.
  package static let maximumAmount = UInt256(limbs: (.max, .max, 0, 0))

  /// The two sides of one amount; nothing of nothing.
  init(
    _ amount: UInt256, from credited: LedgerAccount, to debited: LedgerAccount, chain: ChainName,
    contract: Hash20?
  ) {
    self.chain = chain
    self.contract = contract
    postings =
      amount == .zero || amount > Self.maximumAmount
      ? [] : [LedgerPosting(debited, .debit, amount), LedgerPosting(credited, .credit, amount)]
  }

  package var reversed: LedgerEntry {
    LedgerEntry(chain: chain, contract: contract, balanced: postings.map(\.reversed))
  }

  private init(chain: ChainName, contract: Hash20?, balanced postings: [LedgerPosting]) {
    self.chain = chain
    self.contract = contract
    self.postings = postings
  }

  package var isEmpty: Bool { postings.isEmpty }
}

// What is booked of what.
extension LedgerEntry {
  /// A transfer to one of our addresses that stands in a block.
  ///
  /// - Parameter isForPayment: whether it pays for a payment, in what that is due in
  package static func transfer(
    _ value: UInt256, on chain: ChainName, contract: Hash20?, isForPayment: Bool
  ) -> LedgerEntry {
    LedgerEntry(
      value, from: isForPayment ? .received : .unallocated, to: .treasury, chain: chain,
      contract: contract)
  }

  /// Coin that came to one of our addresses without a transfer.
  package static func income(_ value: UInt256, on chain: ChainName) -> LedgerEntry {
    LedgerEntry(value, from: .unallocated, to: .treasury, chain: chain, contract: nil)
  }

  /// A settled payment: what came for it is set against what was due. Nothing while it isn't
  /// settled.
  package static func settlement(of payment: Payment) -> LedgerEntry {
    let (terms, due, came) = (payment.terms, payment.due, payment.finalValue)
    let postings = [
      LedgerPosting(.received, .debit, came),
      LedgerPosting(.tolerance, .debit, due.subtractingOrZero(came)),
      LedgerPosting(.receivable, .credit, due),
      LedgerPosting(.overpaid, .credit, came.subtractingOrZero(due)),
    ]
    return LedgerEntry(
      chain: terms.chain, contract: terms.asset.contract,
      balanced: payment.status == .settled && came <= maximumAmount
        ? postings.filter { $0.amount > .zero } : [])
  }

  /// An outgoing transaction in a block, in one asset: what left our addresses, on the account that
  /// says why; what it brought back to them (which is booked as it comes there), and what the chain
  /// took for it. Nil where these exceed 256 bits.
  package static func outgoing(
    _ paid: UInt256, to account: LedgerAccount, returned: UInt256, fee: UInt256,
    on chain: ChainName, contract: Hash20?
  ) -> LedgerEntry? {
    guard let moved = try? paid.adding(returned), let total = try? moved.adding(fee) else {
      return nil
    }
    let postings = [
      LedgerPosting(account, .debit, paid), LedgerPosting(.unallocated, .debit, returned),
      LedgerPosting(.fees, .debit, fee), LedgerPosting(.treasury, .credit, total),
    ]
    return LedgerEntry(
      chain: chain, contract: contract, balanced: postings.filter { $0.amount > .zero })
  }
}
