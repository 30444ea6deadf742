internal import Addresses
internal import Bytes
package import ChainTypes
internal import Database
internal import Ethereum
internal import NodeRPC
package import Payments

// Using up nonces of transactions that aren't to be mined: an account's later ones wait for them.
extension EthereumPayouts {
  /// A transaction that moves nothing from its account to itself under the nonce of another one,
  /// for a higher fee than any that was made with it: at most one of them is ever mined. Whether
  /// the other pays its refund is the blocks' word, as with every replacement.
  package func void(
    _ id: String, tenant: String, now: Timestamp, random: Randomness
  ) async throws -> OutgoingTransaction {
    do {
      return try await void(id, tenant: tenant, caps: try await caps(), now: now, random: random)
    } catch let error as Unmade {
      throw Failure.unmade(error.reason)
    }
  }

  /// The same for several, and why it isn't done for some.
  func void(
    _ ids: [String], tenant: String, now: Timestamp, random: Randomness
  ) async throws -> Outcome {
    var outcome = Outcome()
    guard !ids.isEmpty else { return outcome }
    let caps = try await caps()
    for id in ids.prefix(limits.maximumTransactions) {
      do {
        outcome.made.append(
          try await void(id, tenant: tenant, caps: caps, now: now, random: random))
      } catch let reason as Unmade {
        outcome.left.append((id, reason.reason))
      } catch  where !(error is CancellationError) {
        outcome.left.append((id, "\(error)"))
      }
    }
    return outcome
  }

  private func void(
    _ id: String, tenant: String, caps suggested: EthereumTransaction.FeeCaps, now: Timestamp,
    random: Randomness
  ) async throws -> OutgoingTransaction {
    let newID = Identifier(
      prefix: "out", milliseconds: UInt64(clamping: now.microseconds / 1_000), random: random())
    let (spec, bounds, l1Attributes) = (spec, limits.fees, try await l1Attributes())
    let account = try await database.read { connection in
      try Self.account(of: Self.voidable(id, of: tenant, on: spec.name, in: connection))
    }
    let gas = try await gas(
      for: Move(
        account: account, recipient: account.address, contract: nil, amount: .zero, purpose: .void))
    let balance = try await asking { (node) async throws(NodeError) in
      try await node.balance(of: account.address)
    }
    let chainID = chainID
    return try await database.write { connection in
      let old = try Self.voidable(id, of: tenant, on: spec.name, locking: true, in: connection)
      guard case .nonce(_, let nonce)? = old.slots.first else { throw CorruptRow.column("slot") }
      let family = try OutgoingRecords.family(
        of: OutgoingRecords.root(of: id, in: connection), in: connection)
      guard
        let caps = try Self.highestCaps(family)?.replacement(suggested: suggested, within: bounds)
      else { throw Failure.noFees("a replacement would pay more than the limit") }
      let unsigned = EthereumTransaction(
        chainID: chainID, nonce: nonce, to: account.address, value: .zero, gasLimit: gas, caps: caps
      )
      guard
        let cost = Self.cost(of: unsigned, caps: caps, l1Attributes: l1Attributes, within: bounds)
      else { throw Failure.noFees(Self.tooDear) }
      // Nodes drop what an account can't pay.
      guard cost <= balance else {
        throw Failure.unmade("\(account.address.text) has \(balance.decimal) wei: too little")
      }
      // What was signed last is what nodes are given until this one is signed.
      let signed = family.filter { $0.status == .signed || $0.status == .broadcast }
      let last = signed.first { one in !signed.contains { $0.replaces == one.id } }
      let transaction = OutgoingTransaction(
        id: newID.description, tenant: tenant, chain: spec.name, purpose: .void, slots: old.slots,
        replaces: last?.id ?? old.id,
        payouts: [
          .init(refund: nil, address: account.address.text, contract: nil, amount: .zero)
        ], maximumFee: cost, unsigned: "0x" + Hex.encode(unsigned.encodedForSigning),
        keyPath: old.keyPath, createdAt: now)
      try OutgoingService.record(transaction, now: now, in: connection)
      return transaction
    }
  }

  private static func voidable(
    _ id: String, of tenant: String, on chain: ChainName, locking: Bool = false,
    in connection: any SQLConnection
  ) throws -> OutgoingTransaction {
    try PayoutRefusal.replaceable(
      id, of: tenant, on: chain, status: [.built, .signed, .broadcast], locking: locking,
      in: connection)
  }

  private static func account(of transaction: OutgoingTransaction) throws -> Account {
    guard case .nonce(let account, _)? = transaction.slots.first, let path = transaction.keyPath
    else { throw CorruptRow.column("slot") }
    return Account(address: EthereumAddress(account), path: path)
  }

  /// No node that has one of these takes less in its place.
  private static func highestCaps(
    _ family: [OutgoingTransaction]
  ) throws -> EthereumTransaction.FeeCaps? {
    try family.reduce(nil) { highest, transaction in
      let unsigned = try EthereumTransaction(
        unsigned: Hex.decode(transaction.unsigned.dropFirst(2)))
      guard case .dynamicFee(_, let caps, _) = unsigned.form else { return highest }
      return EthereumTransaction.FeeCaps(
        maxPriorityFeePerGas: max(
          caps.maxPriorityFeePerGas, highest?.maxPriorityFeePerGas ?? .zero),
        maxFeePerGas: max(caps.maxFeePerGas, highest?.maxFeePerGas ?? .zero))
    }
  }

  /// The tenant's signed transactions that nodes will never be given again, and whose nonces
  /// nothing else is to use up yet.
  static func useless(
    of tenant: String, on chain: ChainName, in connection: any SQLConnection
  ) throws -> [String] {
    try connection.query(
      """
      SELECT * FROM outgoing
      WHERE chain = $1 AND tenant = $2 AND purpose = 'refund' AND \(OutgoingService.isUnmined)
        AND NOT EXISTS (SELECT 1 FROM outgoing_slot_uses AS uses
          JOIN outgoing_slot_uses AS others
            ON others.chain = uses.chain AND others.slot = uses.slot
          JOIN outgoing AS other ON other.outgoing_id = others.outgoing_id
          WHERE uses.outgoing_id = outgoing.outgoing_id AND other.purpose = 'void'
            AND other.status IN ('built', 'signed', 'broadcast'))
      ORDER BY outgoing_id
      """, [.text(chain.text), .text(tenant)]
    ).map { try OutgoingRecords.transaction($0, in: connection) }
      .filter { try !OutgoingRecords.isUsed(anyOf: $0, in: connection) }
      .filter { try OutgoingService.isUseless($0, in: connection) }
      .map(\.id)
  }
}
