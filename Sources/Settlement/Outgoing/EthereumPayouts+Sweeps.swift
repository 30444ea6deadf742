internal import Addresses
internal import Aggregates
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

    /// What more transfers brought than one sweep takes along, a later one does.
    mutating func add(_ transfer: TransferID, _ value: UInt256) {
      guard transfers.count < 1_000 else { return }
      received = (try? received.adding(value)) ?? .max
      transfers.append(transfer)
    }
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
    let treasuries = try await treasuries(of: tenant)
    let caps = try await caps()
    let worth = SweepWorth(share: limits.sweepShare, weiPer: weiPer)
    // Richer ones first: those that come after so many of which nothing can be moved are poorer.
    for holding in holdings.prefix(10 * limits.maximumTransactions)
    where outcome.made.count < limits.maximumTransactions {
      do {
        let step = try await step(holding, treasuries, caps: caps, worth: worth)
        outcome.made.append(
          try await make(
            from: step.accounts, tenant: tenant, caps: caps, now: now, random: random, step.move))
      } catch let reason as Unmade {
        outcome.left.append((holding.account.address.text, reason.reason))
      } catch  where !(error is CancellationError) {
        outcome.left.append((holding.account.address.text, "\(error)"))
      }
    }
    return outcome
  }

  /// What is to be done for a holding, and out of which accounts it can be.
  private struct Step {
    let accounts: [Account]
    let move: (Account) -> Move
  }

  private func step(
    _ holding: Holding, _ treasuries: [Account], caps: EthereumTransaction.FeeCaps,
    worth: SweepWorth
  ) async throws -> Step {
    let there = try await balance(of: holding)
    let amount = min(there, holding.received)
    guard amount > .zero else { throw Unmade(reason: "nothing is left there") }
    guard let treasury = treasuries.first else { throw Failure.noTreasury }
    let sweep = Move(
      account: holding.account, recipient: treasury.address, contract: holding.contract,
      amount: amount, purpose: .sweep, transfers: holding.transfers,
      paysFee: holding.contract == nil)
    let gas = try await gas(for: sweep)
    let cost = try await cost(of: sweep, gas: gas, caps: caps)
    let ether =
      holding.contract == nil
      ? nil
      : try await asking { (node) async throws(NodeError) in
        try await node.balance(of: holding.account.address)
      }
    guard let ether, ether < cost else {
      guard worth.allows(cost: cost, moving: amount) else {
        throw Unmade(reason: "moving it costs more than it may")
      }
      return Step(accounts: [holding.account]) { _ in sweep }
    }
    // A quarter more, for what gas costs may rise until the sweep is made. Less than the dust limit
    // wouldn't be booked as ours.
    let quarter = (try? cost.divided(by: UInt256(4)).quotient) ?? .zero
    let missing = max(
      ((try? cost.adding(quarter)) ?? cost).subtractingOrZero(ether), spec.dustLimit)
    @Sendable func funding(_ account: Account) -> Move {
      Move(
        account: account, recipient: holding.account.address, contract: nil, amount: missing,
        purpose: .gas)
    }
    let fundingCost = try await self.cost(
      of: funding(treasury), gas: self.gas(for: funding(treasury)), caps: caps)
    guard let both = try? cost.adding(fundingCost), worth.allows(cost: both, moving: amount)
    else { throw Unmade(reason: "moving it costs more than it may") }
    return Step(accounts: treasuries, move: funding)
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
  static func isFunded(
    _ address: EthereumAddress, on chain: ChainName, in connection: any SQLConnection
  ) throws -> Bool {
    try connection.query(
      """
      SELECT payouts FROM outgoing WHERE chain = $1 AND purpose = 'gas'
        AND status IN ('built', 'signed', 'broadcast', 'confirmed')
      """, [.text(chain.text)]
    ).contains { row in
      try CanonicalJSON.value([OutgoingTransaction.Payout].self, from: row.text("payouts"))
        .contains { $0.address == address.text }
    }
  }

  /// Addresses of ended payments with final transfers in the asset, the richest first, which no
  /// transaction of ours waits to leave.
  private func holdings(
    of contract: Hash20?, tenant: String
  ) async throws -> [Holding] {
    let name = spec.name
    return try await database.read { connection in
      try PayoutRefusal.check(name, in: connection)
      let busy = try OutgoingRecords.busyAccounts(on: name, in: connection)
      var holdings: [Holding] = []
      var last: (ordinal: UInt64, txid: Hash32, position: String)?
      while true {
        let rows = try Self.unswept(
          contract, on: name, tenant: tenant, after: last, in: connection)
        for row in rows {
          let (ordinal, id) = (try row.ordinal("ordinal"), try Self.transfer(row, on: name))
          if last?.ordinal != ordinal {
            holdings.append(
              Holding(
                account: try Self.account(row), contract: contract, received: .zero, transfers: []))
          }
          last = (ordinal, id.txid, try row.text("position"))
          try holdings[holdings.count - 1].add(id, row.amount("value"))
        }
        guard rows.count == Self.pageRows else { break }
      }
      return holdings.filter { !busy.contains($0.account.address.hash) }
        .sorted { $0.received > $1.received }
    }
  }

  private static let pageRows = 1_000

  /// Rows of `addresses.ordinal`, `txid` and `position` behind `last`, in their order.
  private static func unswept(
    _ contract: Hash20?, on chain: ChainName, tenant: String,
    after last: (ordinal: UInt64, txid: Hash32, position: String)?,
    in connection: any SQLConnection
  ) throws -> [SQLRow] {
    try connection.query(
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
        AND (addresses.ordinal, transfers.txid, transfers.position) > ($4, $5, $6)
        AND NOT EXISTS (SELECT 1 FROM outgoing_sweeps AS sweeps
          WHERE sweeps.chain = transfers.chain AND sweeps.txid = transfers.txid
            AND sweeps.position = transfers.position)
      ORDER BY addresses.ordinal, transfers.txid, transfers.position LIMIT $7
      """,
      [
        .text(chain.text), .contract(contract), .text(tenant), .ordinal(last?.ordinal ?? 0),
        .hash(last?.txid ?? Hash32()), .text(last?.position ?? ""), .integer(Int64(pageRows)),
      ])
  }

  private static func transfer(_ row: SQLRow, on chain: ChainName) throws -> TransferID {
    guard let position = TransferPosition(try row.text("position")) else {
      throw CorruptRow.column("position")
    }
    return TransferID(chain: chain, txid: try row.hash("txid"), position: position)
  }
}
