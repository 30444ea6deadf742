internal import Addresses
package import Bytes
package import ChainTypes
internal import Database
package import Ethereum
internal import NodeRPC
internal import Payments
internal import Watching

// Gathering what payments' addresses hold.
extension EthereumPayouts {
  /// What of one asset lies at one of the tenant's payment addresses, as our records have it.
  private struct Holding: Sendable {
    let account: Account
    let contract: Hash20?
    /// The sum of its final transfers.
    var received: UInt256
    var transfers: [TransferID]
  }

  /// Moves final money of ended payments to the treasury account, as far as that is worth its fees;
  /// where a token's address lacks ether, some is sent there first, and the token follows when a
  /// later call finds it there.
  ///
  /// - Parameters:
  ///   - contract: of which token; nil for the chain's own coin
  ///   - weiPer: what the asset is worth
  package func sweep(
    _ contract: Hash20?, weiPer: SweepWorth.Rate, tenant: String, now: Timestamp,
    random: Randomness
  ) async throws -> Outcome {
    var outcome = Outcome()
    let holdings = try await holdings(of: contract, tenant: tenant)
    guard !holdings.isEmpty else { return outcome }
    let treasury = try await treasury(of: tenant)
    let caps = try await caps()
    let worth = SweepWorth(share: limits.sweepShare, weiPer: weiPer)
    for holding in holdings {
      do {
        let move = try await move(
          holding, to: treasury, caps: caps, worth: worth, tenant: tenant)
        outcome.made.append(
          try await make(move, tenant: tenant, caps: caps, now: now, random: random))
      } catch let reason as Unmade {
        outcome.left.append((holding.account.address.text, reason.reason))
      } catch  where !(error is CancellationError) {
        outcome.left.append((holding.account.address.text, "\(error)"))
      }
    }
    return outcome
  }

  private func move(
    _ holding: Holding, to treasury: Account, caps: EthereumTransaction.FeeCaps,
    worth: SweepWorth, tenant: String
  ) async throws -> Move {
    let there = try await balance(of: holding)
    let amount = min(there, holding.received)
    guard amount > .zero else { throw Unmade(reason: "nothing is left there") }
    let sweep = Move(
      account: holding.account, recipient: treasury.address, contract: holding.contract,
      amount: amount, purpose: .sweep, transfers: holding.transfers,
      paysFee: holding.contract == nil)
    let gas = try await gas(for: sweep)
    guard let cost = GasLimit.cost(gas, caps) else { throw Unmade(reason: "its gas is too dear") }
    guard holding.contract != nil else {
      guard worth.allows(cost: cost, moving: amount) else {
        throw Unmade(reason: "moving it costs more than it may")
      }
      return sweep
    }
    let ether = try await asking { (node) async throws(NodeError) in
      try await node.balance(of: holding.account.address)
    }
    guard ether < cost else {
      guard worth.allows(cost: cost, moving: amount) else {
        throw Unmade(reason: "moving it costs more than it may")
      }
      return sweep
    }
    let funding = Move(
      account: treasury, recipient: holding.account.address, contract: nil,
      // Less than the dust limit wouldn't be booked as ours.
      amount: max(cost.subtractingOrZero(ether), spec.dustLimit), purpose: .gas)
    guard try await !isFunded(holding.account, tenant: tenant) else {
      throw Unmade(reason: "ether for its gas is on the way")
    }
    guard let fundingCost = GasLimit.cost(try await self.gas(for: funding), caps),
      let both = try? cost.adding(fundingCost), worth.allows(cost: both, moving: amount)
    else { throw Unmade(reason: "moving it costs more than it may") }
    return funding
  }

  private func balance(of holding: Holding) async throws -> UInt256 {
    let address = holding.account.address
    do {
      guard let contract = holding.contract else {
        return try await asking { (node) async throws(NodeError) in
          try await node.balance(of: address)
        }
      }
      let answer = try await asking { (node) async throws(NodeError) in
        try await node.simulate(
          TransactionCall(
            from: address, to: EthereumAddress(contract), value: .zero,
            input: TokenCall.balanceOf(address).encoded))
      }
      guard let balance = UInt256(bigEndian: answer) else {
        throw Unmade(reason: "the token answers no balance")
      }
      return balance
    } catch let error as NodePoolError {
      throw Unmade(reason: "no node tells its balance: \(error)")
    }
  }

  /// Whether a transaction that brings it ether waits.
  private func isFunded(_ account: Account, tenant: String) async throws -> Bool {
    let (name, address) = (spec.name, account.address.text)
    return try await database.read { connection in
      try OutgoingRecords.list(
        on: name, tenant: tenant, in: [.built, .signed, .broadcast, .confirmed], limit: 1_000,
        in: connection
      ).contains { $0.purpose == .gas && $0.payouts.contains { $0.address == address } }
    }
  }

  /// Addresses of ended payments with final transfers in the asset, the richest first, which no
  /// transaction of ours waits to leave.
  private func holdings(
    of contract: Hash20?, tenant: String
  ) async throws -> [Holding] {
    let (name, limit) = (spec.name, limits.maximumTransactions)
    return try await database.read { connection in
      try Self.checkHalt(of: name, in: connection)
      let rows = try connection.query(
        """
        SELECT addresses.ordinal, addresses.child_index, accounts.descriptor, transfers.value,
          transfers.txid, transfers.position
        FROM transfers
        JOIN addresses ON addresses.family = transfers.family
          AND addresses.ordinal = transfers.ordinal
        JOIN accounts ON accounts.account_id = addresses.account_id
        JOIN payments ON payments.payment_id = addresses.payment_id
        WHERE transfers.chain = $1 AND transfers.state = 'final' AND transfers.contract = $2
          AND accounts.tenant = $3 AND accounts.purpose = 'payments' AND payments.holds_order = 0
          AND NOT EXISTS (SELECT 1 FROM outgoing_sweeps AS sweeps
            WHERE sweeps.chain = transfers.chain AND sweeps.txid = transfers.txid
              AND sweeps.position = transfers.position)
        ORDER BY addresses.ordinal, transfers.txid, transfers.position LIMIT $4
        """,
        [.text(name.text), .contract(contract), .text(tenant), .integer(Int64(10 * limit))])
      var holdings: [(ordinal: UInt64, holding: Holding)] = []
      for row in rows {
        let (ordinal, value) = (try row.ordinal("ordinal"), try row.amount("value"))
        guard let position = TransferPosition(try row.text("position")) else {
          throw CorruptRow.column("position")
        }
        let id = TransferID(chain: name, txid: try row.hash("txid"), position: position)
        if holdings.last?.ordinal != ordinal {
          holdings.append(
            (
              ordinal,
              Holding(
                account: try Self.account(row), contract: contract, received: .zero, transfers: [])
            ))
        }
        let last = holdings.count - 1
        let sum = holdings[last].holding.received
        holdings[last].holding.received = (try? sum.adding(value)) ?? .max
        holdings[last].holding.transfers.append(id)
      }
      let busy = try OutgoingRecords.openSlots(on: name, in: connection).accounts
      return holdings.map(\.holding).filter { !busy.contains($0.account.address.hash) }
        .sorted { $0.received > $1.received }.prefix(limit).map(\.self)
    }
  }
}
