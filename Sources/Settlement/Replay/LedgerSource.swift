internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Database
internal import Payments

/// What the ledger should have booked of its subjects, by how these stand in the other tables.
struct LedgerSource {
  let connection: any SQLConnection

  struct Booking {
    let entry: LedgerEntry
    /// Nil for nobody's.
    let tenant: String?
  }

  /// Nil where there is no such subject (any more): nothing of it may stand.
  func booking(
    of subject: String, on chain: ChainName, contract: Hash20?
  ) throws -> Booking? {
    if subject.hasPrefix("income:") { return try income(subject) }
    if subject.contains("/") { return try transfer(subject, contract) }
    if subject.hasPrefix("out_") {
      let transaction = try OutgoingRecords.load(subject, locking: false, in: connection)
      return transaction.flatMap { transaction in
        transaction.ledgerEntries.first { $0.chain == chain && $0.contract == contract }
          .map { Booking(entry: $0, tenant: transaction.tenant) }
      }
    }
    return try PaymentRecords.load(subject, locking: false, in: connection).map {
      Booking(entry: .settlement(of: $0), tenant: $0.terms.tenant)
    }
  }

  /// Of `income:chain/height/ordinal/source`.
  private func income(_ subject: String) throws -> Booking? {
    let parts = subject.dropFirst("income:".count).split(separator: "/", maxSplits: 3)
    guard parts.count == 4, let chain = ChainName(String(parts[0])), let height = Int64(parts[1]),
      let ordinal = UInt64(parts[2])
    else { return nil }
    let row = try connection.queryFirst(
      """
      SELECT value FROM incomes
      WHERE chain = $1 AND block_height = $2 AND ordinal = $3 AND source = $4
      """,
      [.text(chain.text), .integer(height), .ordinal(ordinal), .text(String(parts[3]))])
    return try row.map {
      try Booking(
        entry: .income($0.amount("value"), on: chain), tenant: owner(of: ordinal, on: chain)?.tenant
      )
    }
  }

  /// Of `chain/txid/position`. It may stand in another asset by now.
  private func transfer(_ subject: String, _ contract: Hash20?) throws -> Booking? {
    guard let id = TransferID(subject),
      let stored = try TransferRecords.find([id], in: connection).first,
      stored.contract == contract
    else { return nil }
    let chain = id.chain
    let owner = try owner(of: stored.ordinal, on: chain)
    let isFunding = try OutgoingRecords.isFunding(stored.id, in: connection)
    return Booking(
      entry: .transfer(
        stored.state.isInActiveChain ? stored.value : .zero, on: chain, contract: contract,
        isForPayment: !isFunding && owner?.isDue(chain, contract) ?? false), tenant: owner?.tenant)
  }

  private struct Owner {
    let tenant: String
    /// On which a payment is due there, and in what; nil where the address is nobody's.
    let due: (chain: String, contract: Hash20?)?

    func isDue(_ chain: ChainName, _ contract: Hash20?) -> Bool {
      due.map { $0.chain == chain.text && $0.contract == contract } ?? false
    }
  }

  private func owner(of ordinal: UInt64, on chain: ChainName) throws -> Owner? {
    let row = try connection.queryFirst(
      """
      SELECT COALESCE(payments.tenant, accounts.tenant) AS tenant, payments.chain AS due_chain,
        COALESCE(payments.contract, '') AS due_contract
      FROM addresses JOIN accounts ON accounts.account_id = addresses.account_id
      LEFT JOIN payments ON payments.payment_id = addresses.payment_id
      WHERE addresses.family = (SELECT family FROM chains WHERE chain = $1)
        AND addresses.ordinal = $2
      """, [.text(chain.text), .ordinal(ordinal)])
    return try row.map { row in
      let due = try row.optionalText("due_chain")
      return try Owner(
        tenant: row.text("tenant"), due: due.map { ($0, try row.contract("due_contract")) })
    }
  }
}
