package import Bytes
package import ChainTypes

/// An address of ours that something may stand on.
package struct HeldAddress: Hashable, Sendable {
  package let ordinal: UInt64
  package let tenant: String
  package let text: String
  /// Its output script; on EVM chains its 20 bytes.
  package let script: [UInt8]

  package init(ordinal: UInt64, tenant: String, text: String, script: [UInt8]) {
    self.ordinal = ordinal
    self.tenant = tenant
    self.text = text
    self.script = script
  }
}

/// What the books say an address has of one asset at a block, as sums (EVM chains). In minor units;
/// sums saturate.
package struct Holding: Hashable, Sendable {
  /// Nil for the chain's own coin.
  package let contract: Hash20?
  /// Transfers in blocks, and incomes.
  package private(set) var received = UInt256.zero
  /// What our own transactions took, their cost included.
  package private(set) var sent = UInt256.zero
  /// Came as dust, in blocks that aren't kept: it may have come, or gone with its block.
  package private(set) var dust = UInt256.zero
  /// Told by nodes, and proved by nothing.
  package private(set) var unproven = UInt256.zero
  /// What of `received` a balance showed and nothing explains.
  package private(set) var unattributed = UInt256.zero
  /// Whether the chain's cost of a transaction was taken for the most that it could be.
  package private(set) var hasEstimatedCost = false

  package init(contract: Hash20?) { self.contract = contract }

  package enum Part: Sendable {
    case transfer, dust, unproven
    case income(isUnattributed: Bool)
    case sent(isEstimated: Bool)
  }

  package mutating func add(_ value: UInt256, as part: Part) {
    func add(to sum: inout UInt256) { sum = (try? sum.adding(value)) ?? .max }
    switch part {
    case .transfer: add(to: &received)
    case .dust: add(to: &dust)
    case .unproven: add(to: &unproven)
    case .income(let isUnattributed):
      add(to: &received)
      if isUnattributed { add(to: &unattributed) }
    case .sent(let isEstimated):
      add(to: &sent)
      hasEstimatedCost = hasEstimatedCost || isEstimated
    }
  }
}

/// A Bitcoin output that the books say an address has at a block.
package struct HeldCoin: Hashable, Sendable {
  package let outpoint: Outpoint
  package let value: UInt256
  /// False for dust, whose block isn't kept: it may stand in the chain, or have gone with its
  /// block.
  package let isCertain: Bool

  package init(outpoint: Outpoint, value: UInt256, isCertain: Bool) {
    self.outpoint = outpoint
    self.value = value
    self.isCertain = isCertain
  }
}

/// An amount that may be below zero.
package struct SignedAmount: Hashable, Sendable, CustomStringConvertible {
  package let magnitude: UInt256
  package let isNegative: Bool

  /// `amount` less `other`.
  package init(_ amount: UInt256, less other: UInt256 = .zero) {
    isNegative = amount < other
    magnitude =
      isNegative ? other.subtractingOrZero(amount) : amount.subtractingOrZero(other)
  }

  /// The nearest that 64 bits hold.
  package var clamped: Int64 {
    let magnitude = magnitude.asUInt64.map { Int64(clamping: $0) } ?? .max
    return isNegative ? -magnitude : magnitude
  }

  /// Decimal, with a minus in front where it is below zero.
  package var description: String { (isNegative ? "-" : "") + magnitude.decimal }
}
