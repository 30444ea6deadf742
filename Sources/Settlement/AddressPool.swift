package import ChainTypes
package import Database
package import Keys
package import Leases

/// Derives addresses ahead of their use. Derived ones are appended to the family's list, watchers
/// learn of them from there, and only when all have is one handed out.
package struct AddressPool: Sendable {
  package let database: any Database
  /// How many addresses of an account should be ready to be handed out.
  package let ready: Int
  /// How addresses are derived before libsecp256k1 checks each of them.
  let derive: Derive
  /// How many one transaction appends at most.
  private let batch = 1_000

  typealias Derive =
    @Sendable (_ keys: AccountKeys, _ first: Int64, _ count: Int) throws -> (
      addresses: [DerivedAddress], next: Int64
    )

  package init(
    database: any Database, ready: Int, derivation: ChildDerivation = .batched
  ) {
    self.init(database: database, ready: ready) { keys, first, count in
      try keys.addresses(from: first, count: count, by: derivation)
    }
  }

  init(database: any Database, ready: Int, derive: @escaping Derive) {
    self.database = database
    self.ready = ready
    self.derive = derive
  }

  /// An account as configuration has it.
  package struct Account: Sendable {
    package let tenant: String
    package let region: String
    package let epoch: Int64
    package let keys: AccountKeys
    package let purpose: AccountPurpose

    package init(
      tenant: String, region: String, epoch: Int64, keys: AccountKeys,
      purpose: AccountPurpose = .payments
    ) {
      self.purpose = purpose
      self.tenant = tenant
      self.region = region
      self.epoch = epoch
      self.keys = keys
    }
  }

  package enum Failure: Error, Equatable {
    /// The database has another descriptor for this account: addresses would come from elsewhere.
    case descriptorChanged(tenant: String, stored: String)
    /// Another account of the database has the descriptor: addresses would be handed out twice.
    case descriptorTaken(tenant: String, by: String, region: String)
    case notRanged(String)
    /// The database has accounts of a later restore epoch: addresses of this one may be in use.
    case epochBehind(tenant: String, stored: Int64)
    case exhausted(account: Int64)
    /// What was derived at this index isn't what libsecp256k1 derives there: nothing was appended.
    case wronglyDerived(account: Int64, index: UInt32)
  }

  /// Makes sure that the account exists with these very keys; its number.
  @discardableResult
  package func register(_ account: Account) async throws -> Int64 {
    let text = account.keys.text
    guard account.keys.isRanged else { throw Failure.notRanged(text) }
    return try await database.write { connection in
      let latest = try connection.queryFirst(
        "SELECT MAX(epoch) AS epoch FROM accounts WHERE tenant = $1 AND region = $2",
        [.text(account.tenant), .text(account.region)])
      if let stored = try latest?.optionalInteger("epoch"), stored > account.epoch {
        throw Failure.epochBehind(tenant: account.tenant, stored: stored)
      }
      if let number = try Self.number(of: account, in: connection) { return number }
      // Of processes that start at once each may be the first: the one that comes later finds the
      // other's row.
      try connection.execute(
        """
        INSERT INTO accounts (tenant, family, region, epoch, descriptor, next_index, purpose)
        VALUES ($1, $2, $3, $4, $5, 0, $6) ON CONFLICT DO NOTHING
        """,
        [
          .text(account.tenant), .text(account.keys.family), .text(account.region),
          .integer(account.epoch), .text(text), .text(account.purpose.rawValue),
        ])
      if let number = try Self.number(of: account, in: connection) { return number }
      let holder = try connection.queryFirst(
        "SELECT tenant, region FROM accounts WHERE descriptor = $1", [.text(text)])
      throw Failure.descriptorTaken(
        tenant: account.tenant, by: try holder?.text("tenant") ?? "",
        region: try holder?.text("region") ?? "")
    }
  }

  /// The account's number, where it is registered with this very descriptor; nil where it isn't.
  private static func number(
    of account: Account, in connection: any SQLConnection
  ) throws -> Int64? {
    guard let (number, stored) = try find(account, in: connection) else { return nil }
    guard stored == account.keys.text else {
      throw Failure.descriptorChanged(tenant: account.tenant, stored: stored)
    }
    return number
  }

  /// The account's number and its stored descriptor; nil where it isn't registered.
  private static func find(
    _ account: Account, in connection: any SQLConnection
  ) throws -> (number: Int64, descriptor: String)? {
    try connection.queryFirst(
      """
      SELECT account_id, descriptor FROM accounts
      WHERE tenant = $1 AND family = $2 AND region = $3 AND epoch = $4 AND purpose = $5
      """,
      [
        .text(account.tenant), .text(account.keys.family), .text(account.region),
        .integer(account.epoch), .text(account.purpose.rawValue),
      ]
    ).map { try ($0.integer("account_id"), $0.text("descriptor")) }
  }

  /// Appends addresses, a batch at most, to every one of `numbers` (to every account where nil) of
  /// the family that has too few free ones; how many were appended. An account that fails keeps no
  /// other from being filled: its error is thrown once all have had their turn.
  ///
  /// - Parameter lease: of the filler, where several processes could be; `LeaseLost` where it is
  ///   lost, and nothing more is appended
  @discardableResult
  package func fill(
    _ family: ChainSpec.Family, accounts numbers: Set<Int64>? = nil, under lease: Lease? = nil
  ) async throws -> Int {
    let accounts = try await database.read { connection in
      try connection.query(
        """
        SELECT account_id, descriptor, next_index, purpose,
          (SELECT COUNT(*) FROM (SELECT 1 FROM addresses
            WHERE addresses.account_id = accounts.account_id AND payment_id IS NULL
              AND touched = 0 LIMIT $1) AS free) AS free
        FROM accounts WHERE family = $2 ORDER BY account_id
        """, [.integer(Int64(ready)), .text(family.name)])
    }
    var appended = 0
    var failure: (any Error)?
    for account in accounts {
      do {
        guard try numbers?.contains(account.integer("account_id")) ?? true else { continue }
        let missing = try missing(in: account, of: family)
        guard missing > 0 else { continue }
        appended += try await append(
          min(missing, batch), account: account.integer("account_id"),
          keys: AccountKeys(account.text("descriptor"), for: family),
          from: account.integer("next_index"), under: lease)
      } catch let lost as LeaseLost {
        throw lost
      } catch {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    return appended
  }

  /// Of our own addresses a few are enough, and on EVM chains one.
  private func missing(in account: SQLRow, of family: ChainSpec.Family) throws -> Int {
    let free = Int(try account.integer("free"))
    guard try account.text("purpose") == AccountPurpose.treasury.rawValue else {
      return ready - free
    }
    switch family {
    case .bitcoin: return min(ready, Self.readyForChange) - free
    case .ethereum: return try account.integer("next_index") == 0 ? 1 : 0
    }
  }

  /// How many addresses of our own wait for change and sweeps.
  private static let readyForChange = 20

  private func append(
    _ count: Int, account: Int64, keys: AccountKeys, from first: Int64,
    under lease: Lease?
  ) async throws -> Int {
    let (addresses, next) = try derive(keys, first, count)
    guard !addresses.isEmpty else { throw Failure.exhausted(account: account) }
    // Money that is paid to a wrong address is lost: none is handed out that wasn't derived twice.
    if let index = try keys.mismatch(among: addresses) {
      throw Failure.wronglyDerived(account: account, index: index)
    }
    return try await database.write { connection in
      if let lease { try Leases.check(lease, in: connection) }
      // Another filler may have been faster; then there is nothing to do.
      let moved = try connection.execute(
        "UPDATE accounts SET next_index = $1 WHERE account_id = $2 AND next_index = $3",
        [.integer(next), .integer(account), .integer(first)])
      guard moved == 1 else { return 0 }
      try Self.append(
        addresses, account: account, family: keys.family, isTouched: false, in: connection)
      return addresses.count
    }
  }
}
