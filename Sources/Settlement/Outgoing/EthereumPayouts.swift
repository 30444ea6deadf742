internal import Addresses
internal import Bytes
package import ChainTypes
package import Database
package import Ethereum
internal import Keys
package import NodeRPC
package import Payments
internal import Watching

/// Makes transactions of EVM chains that pay refunds and gather what payments' addresses hold: asks
/// nodes what each needs, and records it with a nonce of the database's own.
///
/// Refunds are paid from the tenant's treasury account. Tokens on payments' addresses can't move
/// without ether there, so such an address is given some first, where that is worth it.
package struct EthereumPayouts: Sendable {
  let spec: ChainSpec
  let chainID: UInt64
  let pool: EthereumPool
  let database: any Database
  let limits: Limits

  package struct Limits: Sendable {
    package var fees: FeeBounds
    /// Above what a node estimates.
    package var gasMarginPercent: UInt64 = 25
    /// The largest part of a sweep's value that may go into fees, in ten-thousandths.
    package var sweepShare: UInt64 = 500
    package var maximumTransactions = 100
    /// Whether nonces that were used by other means are passed over, on an operator's word.
    package var passesOverNonces = false
    /// Whose approvals of refunds count.
    package var approvers = RefundApprovers()

    package init(fees: FeeBounds) { self.fees = fees }
  }

  /// Nil where the chain isn't an EVM chain.
  package init?(spec: ChainSpec, pool: EthereumPool, database: any Database, limits: Limits) {
    guard let chainID = spec.family.chainID else { return nil }
    self.spec = spec
    self.chainID = chainID
    self.pool = pool
    self.database = database
    self.limits = limits
  }

  package enum Failure: Error, Equatable {
    /// No node says what a transaction costs, or all want more than is allowed.
    case noFees(String)
    /// The tenant has no treasury account on EVM chains.
    case noTreasury
    /// The account has used nonces that aren't ours: somebody else has its key.
    case nonceUsedElsewhere(account: String, expected: UInt64, found: UInt64)
    case unmade(String)
  }

  /// What came of a call: transactions that were made, and what wasn't done, with the reason.
  package struct Outcome: Sendable {
    package internal(set) var made: [OutgoingTransaction] = []
    /// A refund's id or an address, and why nothing was made for it.
    package internal(set) var left: [(subject: String, reason: String)] = []
  }

  package typealias Randomness = @Sendable () -> (UInt64, UInt64)

  // MARK: Refunds

  /// A transaction for each of the tenant's refunds that are due; and for each signed one that
  /// isn't to be sent any more another that uses its nonce up, where nobody chose.
  ///
  /// - Parameter chosen: pays those alone, where there are any
  package func payRefunds(
    tenant: String, chosen: Set<String> = [], now: Timestamp, random: Randomness
  ) async throws -> Outcome {
    // More than are made at once, so that some which can't be paid don't stand in all others' way.
    let (name, limit) = (spec.name, 20 * limits.maximumTransactions)
    let (due, useless) = try await database.read { connection in
      try PayoutRefusal.check(name, in: connection)
      let due = try DueRefunds(tenant: tenant, chain: name, now: now, chosen: chosen).load(
        limit: limit, locking: false, in: connection)
      return (
        try Self.inOrderOfClaims(due, in: connection),
        chosen.isEmpty ? try Self.useless(of: tenant, on: name, in: connection) : []
      )
    }
    var outcome = try await void(useless, tenant: tenant, now: now, random: random)
    let payable = due.filter { refund in
      guard let fault = limits.approvers.fault(of: refund) else { return true }
      outcome.left.append((refund.terms.id, fault))
      return false
    }
    guard !payable.isEmpty else { return outcome }
    let treasuries = try await treasuries(of: tenant)
    let caps = try await caps()
    for refund in payable where outcome.made.count < limits.maximumTransactions {
      do {
        let terms = refund.terms
        let recipient = try EthereumAddress(terms.address)
        outcome.made.append(
          try await make(from: treasuries, tenant: tenant, caps: caps, now: now, random: random) {
            Move(
              account: $0, recipient: recipient, contract: terms.asset.contract,
              amount: terms.amount, purpose: .refund, refund: terms.id,
              paysFee: terms.feePayer == .payee)
          })
      } catch let reason as Unmade {
        outcome.left.append((refund.terms.id, reason.reason))
      } catch  where !(error is CancellationError) {
        // What was made before is told all the same.
        outcome.left.append((refund.terms.id, "\(error)"))
      }
    }
    return outcome
  }

  // MARK: Making

  /// An account of ours and where its key stands.
  struct Account: Hashable, Sendable {
    let address: EthereumAddress
    /// `m/44h/60h/0h/1/0`.
    let path: String
  }

  /// One movement of value, before anything is known of what it costs.
  struct Move: Sendable {
    let account: Account
    let recipient: EthereumAddress
    let contract: Hash20?
    let amount: UInt256
    let purpose: OutgoingPurpose
    var refund: String?
    /// The transfers that brought what a sweep takes away.
    var transfers: [TransferID] = []
    /// Whether the fee comes out of the amount.
    var paysFee = false
    /// Asked when it is recorded, with the most that it takes of the asset: the fee is in the
    /// coin's.
    var check: (@Sendable (any SQLConnection, UInt256) throws -> Void)?
  }

  /// Why one movement can't be made now; others can.
  struct Unmade: Error {
    let reason: String
  }

  /// Tries the movement out on a node, and records it with the next nonce.
  func make(
    _ move: Move, tenant: String, caps: EthereumTransaction.FeeCaps, now: Timestamp,
    random: Randomness
  ) async throws -> OutgoingTransaction {
    let gas = try await gas(for: move)
    let cost = try await cost(of: move, gas: gas, caps: caps)
    let amount = move.paysFee ? move.amount.subtractingOrZero(cost) : move.amount
    guard amount > .zero else { throw Unmade(reason: "the fee is more than the amount") }
    // Less wouldn't be booked as it comes to an address of ours.
    guard move.purpose == .refund || amount >= dustLimit(of: move.contract) else {
      throw Unmade(reason: "so little isn't booked where it comes to")
    }
    let balance = try await asking { (node) async throws(NodeError) in
      try await node.balance(of: move.account.address)
    }
    guard let needed = try? (move.contract == nil ? amount : .zero).adding(cost),
      balance >= needed
    else {
      throw Unmade(reason: "\(move.account.address.text) has \(balance.decimal) wei: too little")
    }
    let count = try await asking { (node) async throws(NodeError) in
      try await node.transactionCount(of: move.account.address)
    }
    let id = Identifier(
      prefix: "out", milliseconds: UInt64(clamping: now.microseconds / 1_000), random: random())
    let (spec, chainID, passesOver) = (spec, chainID, limits.passesOverNonces)
    let taken = move.contract == nil ? needed : amount
    return try await database.write { connection in
      try PayoutRefusal.check(spec.name, in: connection)
      if let check = move.check {
        // Of two at once the second one sees what the first has taken.
        try connection.execute(
          "UPDATE chains SET slots_version = slots_version + 1 WHERE chain = $1",
          [.text(spec.name.text)])
        try check(connection, taken)
      }
      let nonce = try Self.takeNonce(
        of: move.account.address, count: count, passesOver: passesOver, on: spec.name,
        in: connection)
      if let refund = move.refund {
        try Self.checkClaims(
          on: refund, for: .nonce(account: move.account.address.hash, nonce), in: connection)
      }
      // Under the lock of the account's nonce: of two sweeps at once only one sends gas.
      if move.purpose == .gas {
        guard try !Self.isFunded(move.recipient, on: spec.name, in: connection) else {
          throw Unmade(reason: "ether for its gas is on the way")
        }
      }
      let call = Self.call(move, amount: amount)
      let unsigned = EthereumTransaction(
        chainID: chainID, nonce: nonce, to: call.to, value: call.value, input: call.input,
        gasLimit: gas, caps: caps)
      let transaction = OutgoingTransaction(
        id: id.description, tenant: tenant, chain: spec.name, purpose: move.purpose,
        slots: [.nonce(account: move.account.address.hash, nonce)], replaces: nil,
        payouts: [
          .init(
            refund: move.refund, address: move.recipient.text, contract: move.contract,
            amount: amount)
        ], maximumFee: cost, unsigned: "0x" + Hex.encode(unsigned.encodedForSigning),
        keyPath: move.account.path, createdAt: now)
      try OutgoingService.record(transaction, now: now, in: connection)
      for transfer in move.transfers {
        try connection.execute(
          """
          INSERT INTO outgoing_sweeps (chain, txid, position, outgoing_id) VALUES ($1, $2, $3, $4)
          """,
          [
            .text(transfer.chain.text), .hash(transfer.txid),
            .text(transfer.position.description), .text(transaction.id),
          ])
      }
      return transaction
    }
  }

  func dustLimit(of contract: Hash20?) -> UInt256 {
    max((contract.map(spec.token) ?? spec.coin)?.dustLimit ?? .one, .one)
  }

  static func call(_ move: Move, amount: UInt256) -> TransactionCall {
    guard let contract = move.contract else {
      return TransactionCall(
        from: move.account.address, to: move.recipient, value: amount, input: [])
    }
    return TransactionCall(
      from: move.account.address, to: EthereumAddress(contract), value: .zero,
      input: TokenCall.transfer(to: move.recipient, value: amount).encoded)
  }

  /// The gas that the movement may use; `Unmade` with the node's words where it would fail.
  func gas(for move: Move) async throws -> UInt64 {
    let call = Self.call(move, amount: move.amount)
    do {
      if move.contract != nil {
        let answer = try await asking { (node) async throws(NodeError) in
          try await node.simulate(call)
        }
        // Some tokens return nothing, some true; one that returns false moves nothing.
        guard answer.isEmpty || UInt256(bigEndian: answer) == .one else {
          throw Unmade(reason: "the token's transfer would return 0x\(Hex.encode(answer))")
        }
      }
      // What pays for itself leaves the amount whole only without a price.
      let estimate = try await asking { (node) async throws(NodeError) in
        try await node.estimateGas(of: call)
      }
      guard
        let limit = GasLimit.limit(
          estimate: estimate, marginPercent: limits.gasMarginPercent)
      else { throw Unmade(reason: "a node estimates \(estimate) gas") }
      return limit
    } catch let error as NodePoolError {
      throw Unmade(reason: "it would fail: \(error)")
    }
  }

  /// What transactions of these minutes pay for gas.
  func caps() async throws -> EthereumTransaction.FeeCaps {
    let history: FeeHistory
    do {
      history = try await asking { (node) async throws(NodeError) in
        try await node.feeHistory(blocks: 10, percentiles: [50])
      }
    } catch {
      throw Failure.noFees("\(error)")
    }
    guard let next = history.baseFees.last else { throw Failure.noFees("an empty fee history") }
    let tips = history.rewards.compactMap(\.first)
    guard let caps = limits.fees.caps(nextBaseFee: next, tips: tips) else {
      throw Failure.noFees("the base fee of \(next.decimal) wei is above the limit")
    }
    return caps
  }

  func asking<Value: Sendable>(
    _ question: (EthereumNode) async throws(NodeError) -> Value
  ) async throws(NodePoolError) -> Value {
    try await pool.serve(question).value
  }

  // MARK: Accounts

  /// The tenant's own accounts, at index 0 of the treasury branch of each restore epoch, the newest
  /// first, once all watchers watch them. Money comes to the newest, and leaves any.
  func treasuries(of tenant: String) async throws -> [Account] {
    let accounts = try await database.read { connection in
      try connection.query(
        """
        SELECT accounts.descriptor, addresses.child_index FROM addresses
        JOIN accounts ON accounts.account_id = addresses.account_id
        WHERE accounts.tenant = $1 AND accounts.family = 'ethereum'
          AND accounts.purpose = 'treasury' AND addresses.child_index = 0
          AND addresses.ordinal <= (SELECT MIN(addresses_through) FROM chains
            WHERE family = 'ethereum')
        ORDER BY accounts.epoch DESC, addresses.ordinal
        """, [.text(tenant)]
      ).map { try Self.account($0) }
    }
    guard !accounts.isEmpty else { throw Failure.noTreasury }
    return accounts
  }

  /// Makes it from the first of the accounts that can pay for it.
  func make(
    from accounts: [Account], tenant: String, caps: EthereumTransaction.FeeCaps, now: Timestamp,
    random: Randomness, _ move: (Account) -> Move
  ) async throws -> OutgoingTransaction {
    var reason: Unmade?
    for account in accounts {
      do {
        return try await make(
          move(account), tenant: tenant, caps: caps, now: now, random: random)
      } catch let error as Unmade {
        reason = reason ?? error
      }
    }
    throw reason ?? Unmade(reason: "there is no treasury account")
  }

  static func account(_ row: SQLRow) throws -> Account {
    let account = try EthereumAccount(row.text("descriptor"), isTest: true)
    let index = try row.uint32("child_index")
    guard let step = ChildNumber(index) else { throw CorruptRow.column("child_index") }
    let path = account.origin.path.appending(account.branch).appending(step)
    return Account(address: try account.address(at: index), path: "\(path)")
  }

  /// The account's next nonce, taken for good: the row is held until the transaction ends.
  ///
  /// - Parameter count: how many transactions of the account the chain has
  private static func takeNonce(
    of account: EthereumAddress, count: UInt64, passesOver: Bool, on chain: ChainName,
    in connection: any SQLConnection
  ) throws -> UInt64 {
    let key: [SQLValue] = [.text(chain.text), .text(account.hash.hex)]
    try connection.execute(
      """
      INSERT INTO outgoing_nonces (chain, account, next_nonce) VALUES ($1, $2, $3)
      ON CONFLICT (chain, account) DO NOTHING
      """, key + [.integer(Int64(clamping: count))])
    guard
      let row = try connection.queryFirst(
        """
        SELECT next_nonce FROM outgoing_nonces WHERE chain = $1 AND account = $2\
        \(connection.dialect.forUpdate)
        """, key),
      let next = UInt64(exactly: try row.integer("next_nonce"))
    else { throw CorruptRow.column("next_nonce") }
    // The owner may have sent from it by other means, or the node lies, or transactions of ours
    // were lost with a backup: people decide. While one of ours waits, nobody knows which of them
    // the chain took.
    let isBusy = try OutgoingRecords.busyAccounts(on: chain, in: connection)
      .contains(account.hash)
    guard next >= count || (passesOver && !isBusy) else {
      throw Failure.nonceUsedElsewhere(account: account.text, expected: next, found: count)
    }
    let nonce = max(next, count)
    guard let following = Int64(exactly: nonce)?.addingReportingOverflow(1), !following.overflow
    else { throw Failure.nonceUsedElsewhere(account: account.text, expected: next, found: count) }
    try connection.execute(
      "UPDATE outgoing_nonces SET next_nonce = $3 WHERE chain = $1 AND account = $2",
      key + [.integer(following.partialValue)])
    return nonce
  }
}

extension EthereumPayouts.Failure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unmade(let reason): reason
    case .noFees(let reason): "nobody says what it would cost: \(reason)"
    case .noTreasury:
      "the tenant has no treasury account on EVM chains that is watched: see its account and paywatch"
    case .nonceUsedElsewhere(let account, let expected, let found):
      "the chain has \(found) transactions of \(account), made here were \(expected): see by payctl "
        + "reconcile what used the others, and say --pass-over-nonces"
    }
  }
}
