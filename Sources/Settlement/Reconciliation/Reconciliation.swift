package import Bytes
package import ChainTypes

/// The comparison of the books with a chain at one block, as a pure function of both.
package struct Reconciliation: Sendable {
  package let spec: ChainSpec
  package let block: BlockRef

  package init(spec: ChainSpec, block: BlockRef) {
    self.spec = spec
    self.block = block
  }

  // MARK: EVM chains

  /// Nil where the chain has what the books say.
  ///
  /// - Parameter balance: the chain's, in minor units
  package func row(
    of address: HeldAddress, _ holding: Holding, balance: UInt256
  ) -> ReconciliationRow? {
    let (due, overflow) = holding.sent.addingReportingOverflow(balance)
    let received = holding.received
    let most = (try? received.adding(holding.dust)) ?? .max
    // Compared with what was sent on both sides: more may have been sent than is known to have
    // come.
    guard overflow || due < received || due > most else { return nil }
    let difference = SignedAmount(overflow ? .max : due, less: received)
    var row = row(of: address, holding.contract)
    row.expected = SignedAmount(received, less: holding.sent).description
    row.found = balance.decimal
    row.difference = difference.description
    row.explanation = Self.explanation(of: difference, holding)
    return row
  }

  private static func explanation(of difference: SignedAmount, _ holding: Holding) -> String? {
    if !difference.isNegative, holding.unproven > .zero {
      return "calls that nothing proves told of \(holding.unproven.decimal) more"
    }
    if difference.isNegative, difference.magnitude <= holding.unattributed {
      return "\(holding.unattributed.decimal) was booked as income that nothing explains"
    }
    if !difference.isNegative, holding.hasEstimatedCost {
      return "what the chain took for a transaction isn't known, and was booked as the most"
    }
    if difference.isNegative, let token = holding.contract {
      return "the contract 0x\(token.hex) took it without telling, or a key was used by another"
    }
    return nil
  }

  // MARK: Bitcoin

  /// Nil where the chain has just the outputs that the books say.
  ///
  /// - Parameter unspent: the chain's outputs of the address, in satoshi
  package func row(
    of address: HeldAddress, _ coins: [HeldCoin], unspent: [Outpoint: UInt256]
  ) -> ReconciliationRow? {
    var rest = unspent
    var notes: [String] = []
    var (expected, found) = (UInt256.zero, UInt256.zero)
    for coin in coins {
      let value = rest.removeValue(forKey: coin.outpoint)
      guard value != nil || coin.isCertain else { continue }
      expected = (try? expected.adding(coin.value)) ?? .max
      if value == nil {
        notes.append("\(coin.outpoint) is spent, by no transaction of ours")
      } else if value != coin.value {
        notes.append("\(coin.outpoint) has another amount")
      }
    }
    for outpoint in rest.keys.sorted(by: { $0.description < $1.description }) {
      notes.append("\(outpoint) isn't recorded, or was spent by a transaction of ours")
    }
    for value in unspent.values { found = (try? found.adding(value)) ?? .max }
    guard !notes.isEmpty else { return nil }
    var row = row(of: address, nil)
    row.expected = expected.decimal
    row.found = found.decimal
    row.difference = SignedAmount(found, less: expected).description
    row.explanation = Self.list(notes)
    return row
  }

  /// The first few, and how many more there are.
  private static func list(_ notes: [String]) -> String {
    let shown = notes.prefix(4).joined(separator: "; ")
    return notes.count > 4 ? "\(shown); and \(notes.count - 4) more" : shown
  }

  private func row(of address: HeldAddress, _ contract: Hash20?) -> ReconciliationRow {
    var row = ReconciliationRow(.chain)
    fill(&row, tenant: address.tenant, contract)
    row.address = address.text
    row.blockHeight = block.height
    row.blockHash = block.hash.text(spec.family.hashForm)
    return row
  }

  // MARK: The ledger

  /// Nil where the ledger's treasury is what transfers, incomes and our transactions leave.
  package func row(
    tenant: String, _ contract: Hash20?, records: SignedAmount, treasury: SignedAmount
  ) -> ReconciliationRow? {
    guard records != treasury else { return nil }
    var row = ReconciliationRow(.ledger)
    fill(&row, tenant: tenant, contract)
    row.expected = records.description
    row.found = treasury.description
    row.difference = records.difference(to: treasury).description
    row.explanation = "the ledger's treasury isn't what is recorded of the chain"
    return row
  }

  private func fill(_ row: inout ReconciliationRow, tenant: String, _ contract: Hash20?) {
    row.chain = spec.name.text
    row.tenant = tenant
    row.contract = contract.map { "0x\($0.hex)" }
    row.asset = (contract.map { spec.token($0)?.asset } ?? spec.coin.asset)?.symbol
  }
}

extension SignedAmount {
  /// `other` less this one; saturates.
  package func difference(to other: SignedAmount) -> SignedAmount {
    if isNegative == other.isNegative {
      return isNegative
        ? SignedAmount(magnitude, less: other.magnitude)
        : SignedAmount(other.magnitude, less: magnitude)
    }
    let sum = (try? magnitude.adding(other.magnitude)) ?? .max
    return isNegative ? SignedAmount(sum) : SignedAmount(.zero, less: sum)
  }
}
