internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainSim
internal import ChainTypes
internal import Payments
internal import Settings
internal import Settlement

/// The ledger's balances as a table, with what the chains have on the same addresses.
struct Books {
  let treasurer: Treasurer
  let bitcoin: SimulatedBitcoinNode
  let ethereum: SimulatedEthereumNode

  /// One asset's balances.
  private struct Column {
    let asset: Asset
    let balances: [LedgerAccount: SignedAmount]
    /// Debits less credits of all accounts.
    let sum: SignedAmount
    /// What stands on all addresses of ours.
    let chain: UInt256

    func units(_ amount: SignedAmount) -> String {
      var text = Amount(minorUnits: amount.magnitude, asset: asset).units
      while text.hasSuffix("0") { text.removeLast() }
      if text.hasSuffix(".") { text.removeLast() }
      return (amount.isNegative ? "-" : "") + text
    }
  }

  /// Prints them; throws where a sum isn't zero or a chain has something else.
  func tell() async throws {
    let (balances, scripts) = try await treasurer.books()
    var columns = [
      try column(
        treasurer.bitcoin.spec.asset, on: treasurer.bitcoin.spec.name, balances,
        there: satoshi(on: scripts[treasurer.bitcoin.spec.family.name] ?? []))
    ]
    let accounts = (scripts[treasurer.ethereum.spec.family.name] ?? [])
      .compactMap { Hash20($0) }.map { EthereumAddress($0) }
    for listed in treasurer.ethereum.spec.assets {
      let there = try accounts.reduce(UInt256.zero) { sum, account in
        let balance =
          listed.asset.contract.map {
            ethereum.balance(of: account, in: EthereumAddress($0))
          } ?? ethereum.balance(of: account)
        return try sum.adding(balance)
      }
      columns.append(
        try column(listed.asset, on: treasurer.ethereum.spec.name, balances, there: there))
    }
    printTable(columns)
    for column in columns {
      guard column.sum == SignedAmount(.zero) else {
        throw CommandFailure("the ledger's \(column.asset) doesn't sum to zero")
      }
      guard column.balances[.treasury] ?? SignedAmount(.zero) == SignedAmount(column.chain) else {
        throw CommandFailure("the ledger's treasury isn't the chain's \(column.asset)")
      }
    }
    let (addresses, differences) = try await treasurer.reconcile()
    guard differences.isEmpty else {
      throw CommandFailure("payctl reconcile: " + differences.joined(separator: "; "))
    }
    Console.print("   payctl reconcile asks the nodes about \(addresses) addresses: 0 differences")
  }

  private func column(
    _ asset: Asset, on chain: ChainName, _ balances: [LedgerBalance], there: UInt256
  ) throws -> Column {
    let own = balances.filter { $0.chain == chain && $0.contract == asset.contract }
    func sum(_ balances: [LedgerBalance]) throws -> SignedAmount {
      try SignedAmount(
        balances.reduce(UInt256.zero) { try $0.adding($1.debit) },
        less: balances.reduce(UInt256.zero) { try $0.adding($1.credit) })
    }
    return Column(
      asset: asset,
      balances: try Dictionary(grouping: own, by: \.account).mapValues { try sum($0) },
      sum: try sum(own), chain: there)
  }

  /// What is unspent on these scripts, by the node's own blocks.
  private func satoshi(on scripts: [[UInt8]]) throws -> UInt256 {
    let (own, machine) = (Set(scripts), bitcoin.machine)
    var sum = UInt256.zero
    for height in 0...machine.tip.ref.height {
      for known in machine.block(at: height)?.transactions ?? [] {
        for (vout, output) in known.transaction.outputs.enumerated()
        where own.contains(output.scriptPubKey)
          && machine.coin(Outpoint(txid: known.txid, vout: UInt32(vout))) != nil
        {
          sum = try sum.adding(UInt256(output.value))
        }
      }
    }
    return sum
  }

  // MARK: The table

  private func printTable(_ columns: [Column]) {
    var rows = [[""] + columns.map(\.asset.symbol)]
    for account in LedgerAccount.allCases {
      let amounts = columns.map { $0.balances[account] }
      guard amounts.contains(where: { $0 != nil && $0 != SignedAmount(.zero) }) else { continue }
      rows.append(
        [account.rawValue]
          + zip(columns, amounts).map { $0.units($1 ?? SignedAmount(.zero)) })
    }
    rows.append(["sum"] + columns.map { $0.units($0.sum) })
    rows.append(["on chain"] + columns.map { $0.units(SignedAmount($0.chain)) })
    let widths = columns.indices.map { place in rows.map { $0[place + 1].count }.max() ?? 0 }
    for row in rows {
      let name = row[0] + String(repeating: " ", count: max(0, 12 - row[0].count))
      let amounts = zip(row.dropFirst(), widths).map { text, width in
        String(repeating: " ", count: width - text.count) + text
      }
      Console.print("   " + name + amounts.joined(separator: "  "))
    }
  }
}
