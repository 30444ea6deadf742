package import Bytes
package import ChainTypes
package import Payments
internal import Payouts

/// What was signed and when, as far as limits need it.
///
/// Of transactions that share an anchor, one of their slots, at most one is ever mined: a
/// replacement, or the same transaction signed again, counts only by what it pays more than those
/// before it. So the totals never lie below what can really have left.
package struct SigningRecord: Hashable, Sendable {
  package internal(set) var entries: [Entry] = []

  /// One signed transaction.
  package struct Entry: Hashable, Sendable {
    package var day: Day
    package var chain: ChainName
    /// One of `slots`; all entries with this anchor use it.
    package var anchor: String
    package var slots: [String]
    package var refunds: [Refund]
    /// By the asset's symbol: by how much it exceeds what its anchor's entries had paid before.
    package var increases: [String: UInt256]
  }

  /// A refund that an entry's transaction pays.
  package struct Refund: Hashable, Sendable {
    /// `ref_…`
    package var id: String
    /// `pay_…`
    package var payment: String
    package var address: String
    /// The asset's symbol.
    package var asset: String
    /// In the asset's minor unit.
    package var amount: UInt256
  }

  /// A day of UTC, counted from 1970-01-01.
  package struct Day: Hashable, Comparable, Sendable {
    package let number: Int64

    package init(number: Int64) { self.number = number }

    package init(_ time: Timestamp) {
      let microseconds = time.microseconds
      let perDay: Int64 = 86_400_000_000
      number = microseconds / perDay - (microseconds % perDay < 0 ? 1 : 0)
    }

    package static func < (a: Day, b: Day) -> Bool { a.number < b.number }

    /// `2026-11-22`
    package var text: String {
      String(Timestamp(seconds: number * 86_400).description.prefix(10))
    }
  }

  /// After so many days a transaction is forgotten, and counts anew should it be signed again.
  package static let keptDays: Int64 = 730
  /// A clock that goes further ahead at once is asked about before anything is forgotten by it.
  package static let longestPauseDays: Int64 = 60
  package static let maximumEntries = 100_000

  package init() {}

  /// What left on a day of an asset of a chain, in minor units.
  package func total(_ symbol: String, on chain: ChainName, day: Day) -> UInt256 {
    Self.sum(
      entries.lazy.filter { $0.day == day && $0.chain == chain }
        .map { $0.increases[symbol] ?? .zero })
  }

  /// By how much a transaction raises the day's totals, by the assets' symbols.
  package func increases(of facts: OutgoingFacts, coin: Asset) -> [String: UInt256] {
    let anchor = anchor(of: facts)
    return facts.leaving(coin: coin).reduce(into: [:]) { result, leaving in
      let before = Self.sum(
        entries.lazy.filter { $0.anchor == anchor }.map { $0.increases[leaving.key] ?? .zero })
      result[leaving.key] = leaving.value.subtractingOrZero(before)
    }
  }

  /// A refund of the transaction's that was signed before in one that can be mined beside it.
  package func paidElsewhere(_ facts: OutgoingFacts) -> String? {
    let (slots, refunds) = (Set(facts.slots), Set(facts.refunds.map { "\($0)" }))
    for entry in entries where slots.isDisjoint(with: entry.slots) {
      if let refund = entry.refunds.first(where: { refunds.contains($0.id) }) { return refund.id }
    }
    return nil
  }

  /// What was signed of a payment's refunds (to an address where it is given) besides those that
  /// this transaction pays: each by the most that it was signed with.
  package func refunded(
    of payment: Identifier, to address: String?, in asset: Asset, besides facts: OutgoingFacts
  ) -> UInt256 {
    let (payment, own) = ("\(payment)", Set(facts.refunds.map { "\($0)" }))
    var greatest: [String: UInt256] = [:]
    for refund in entries.lazy.flatMap(\.refunds)
    where refund.payment == payment && refund.asset == asset.symbol && !own.contains(refund.id)
      && (address == nil || refund.address == address)
    {
      greatest[refund.id] = max(greatest[refund.id] ?? .zero, refund.amount)
    }
    return Self.sum(greatest.values)
  }

  /// Counts refunds no more that were signed and, by an operator's word, can't be mined.
  package mutating func forget(refunds: Set<Identifier>) {
    let ids = Set(refunds.map { "\($0)" })
    for index in entries.indices { entries[index].refunds.removeAll { ids.contains($0.id) } }
  }

  /// The latest day on which something was signed.
  package var lastDay: Day? { entries.map(\.day).max() }

  /// Notes that a transaction is signed. Nothing changes for one that is known and pays no more.
  package mutating func add(_ facts: OutgoingFacts, coin: Asset, on day: Day) {
    let increases = increases(of: facts, coin: coin).filter { $0.value > .zero }
    let refunds = facts.payments.compactMap { payment in
      payment.refund.map {
        Refund(
          id: "\($0.id)", payment: "\($0.payment)", address: payment.address,
          asset: payment.amount.asset.symbol, amount: payment.amount.minorUnits)
      }
    }
    let anchor = anchor(of: facts)
    let isKnown = entries.contains { entry in
      entry.anchor == anchor && entry.slots == facts.slots && entry.refunds == refunds
    }
    guard !isKnown || !increases.isEmpty else { return }
    entries.append(
      Entry(
        day: day, chain: facts.chain, anchor: anchor, slots: facts.slots, refunds: refunds,
        increases: increases))
  }

  /// Forgets what is too old to matter.
  package mutating func removeEntries(before day: Day) {
    entries.removeAll { $0.day.number < day.number - Self.keptDays }
  }

  /// That of an earlier transaction which can't be mined beside this one, or this one's first slot.
  private func anchor(of facts: OutgoingFacts) -> String {
    let slots = Set(facts.slots)
    return entries.first { slots.contains($0.anchor) }?.anchor ?? facts.slots.first ?? facts.name
  }

  private static func sum(_ amounts: some Sequence<UInt256>) -> UInt256 {
    amounts.reduce(.zero) { (try? $0.adding($1)) ?? .max }
  }
}
