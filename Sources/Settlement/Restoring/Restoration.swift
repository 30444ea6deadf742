internal import Addresses
package import Audit
package import ChainTypes
package import Database
internal import EventLog
internal import JSON
internal import Keys
internal import Leases

/// What makes a database that was brought back from a backup one that can go on: it begins the next
/// restore epoch, so that nothing of the former ones is handed out any more, and watches what may
/// have been handed out after the backup was taken, of which it knows nothing.
///
/// Everything happens in the caller's transaction.
package struct Restoration: Sendable {
  /// The epoch to begin; the one after the database's where nil. It must be higher than any that
  /// this region has ever used.
  package var epoch: Int64?
  /// How many addresses behind an account's last derived one are watched besides.
  package var lookAhead: Int64
  /// In which Bitcoin's addresses are written, where the database has none to tell it by.
  package var network: BitcoinNetwork?
  /// Whether processes may be at work on the database, which must be none.
  package var isInPlace = false
  /// Who restores, and when, for the audit log; nothing is recorded where nil.
  package var restorer: (author: AuditAuthor, time: Timestamp)?

  package static let lookAheadRange: ClosedRange<Int64> = 0...1_000_000
  /// How many addresses of all accounts and epochs are derived at most.
  static let derivedLimit: Int64 = 10_000_000
  /// Twice that is still a branch that isn't hardened (BIP-0032).
  package static let epochRange: ClosedRange<Int64> = 1...Int64(Int32.max / 2)

  package init(epoch: Int64? = nil, lookAhead: Int64 = 1_000, network: BitcoinNetwork? = nil) {
    self.epoch = epoch
    self.lookAhead = lookAhead
    self.network = network
  }

  package enum Failure: Error, Sendable, Equatable {
    case epochNotHigher(epoch: Int64, database: Int64)
    case epochOutOfRange(Int64)
    case lookAheadOutOfRange(Int64)
    /// So many addresses would have to be derived.
    case tooManyAddresses(Int64)
    /// Neither an address nor the caller tells the network.
    case networkUnknown
    /// An account that has no branches.
    case notAnAccount(String)
    /// A process works on the database.
    case inUse(lease: String, holder: String)
  }

  /// What was done.
  package struct Outcome: Sendable, Equatable {
    package let formerEpoch: Int64
    package let epoch: Int64
    /// Addresses that were free, and are watched but never handed out now.
    package let retired: Int
    /// Addresses that the lost history may have handed out, watched from now on.
    package let watchedAhead: Int

    package init(formerEpoch: Int64, epoch: Int64, retired: Int, watchedAhead: Int) {
      self.formerEpoch = formerEpoch
      self.epoch = epoch
      self.retired = retired
      self.watchedAhead = watchedAhead
    }
  }

  package func apply(in connection: any SQLConnection) throws -> Outcome {
    guard Self.lookAheadRange.contains(lookAhead) else {
      throw Failure.lookAheadOutOfRange(lookAhead)
    }
    let former = try max(
      RestoreEpochs.current(in: connection) ?? 0,
      RestoreEpoch.newestAccount(in: connection) ?? 0)
    let epoch = epoch ?? former + 1
    guard Self.epochRange.contains(epoch) else { throw Failure.epochOutOfRange(epoch) }
    guard epoch > former else { throw Failure.epochNotHigher(epoch: epoch, database: former) }
    try endLeases(in: connection)
    // A backup may come from before epochs were kept.
    _ = try RestoreEpochs.beginFirst(former, in: connection)
    // Somebody may have worked on a copy that was put in place; what the relay had sent when the
    // copy was taken is of both histories.
    try RestoreEpochs.begin(
      epoch, sharing: isInPlace ? RelayRecords.backlog(in: connection).cursor : .max,
      in: connection)
    // What was compared before says nothing of what was paid since: payouts wait for the next.
    try connection.execute("DELETE FROM reconciliations")
    let retired = try connection.execute(
      "UPDATE addresses SET touched = 1 WHERE payment_id IS NULL AND touched = 0")
    let watched = try watchAhead(from: former, to: epoch, in: connection)
    for statement in SettlementSchema.afterRestore(connection.dialect) {
      try connection.execute(statement)
    }
    if let restorer {
      try restorer.author.note(
        "database.restore", of: "restore_epoch \(epoch)", ["in_place": .bool(isInPlace)],
        now: restorer.time, in: connection)
    }
    return Outcome(formerEpoch: former, epoch: epoch, retired: retired, watchedAhead: watched)
  }

  /// Those who held leases hold none any more, and no epoch of a lease comes again that was given
  /// after the backup.
  private func endLeases(in connection: any SQLConnection) throws {
    // Leases of a backup are those of its time.
    if isInPlace, let held = try Leases.held(in: connection), let holder = held.holder {
      throw Failure.inUse(lease: held.name, holder: holder)
    }
    try Leases.endAll(in: connection)
    try connection.execute("DELETE FROM address_reservations")
  }

  // MARK: Addresses of the lost history

  private struct Account {
    let number: Int64
    let tenant: String
    let family: String
    let region: String
    let epoch: Int64
    let nextIndex: Int64
    let purpose: String
    let keys: AccountKeys
  }

  /// Appends the addresses that each account may have given since, in its own epoch and in those
  /// between that and the new one, and makes the accounts of the new epoch. How many those were.
  private func watchAhead(
    from former: Int64, to epoch: Int64, in connection: any SQLConnection
  ) throws -> Int {
    let accounts = try newestAccounts(in: connection)
    let most = accounts.reduce(Int64(0)) { sum, account in
      let (product, overflow) = (epoch - account.epoch).multipliedReportingOverflow(by: lookAhead)
      return overflow ? Int64.max : sum.addingReportingOverflow(product).partialValue
    }
    guard (0...Self.derivedLimit).contains(most) else { throw Failure.tooManyAddresses(most) }
    var appended = 0
    for account in accounts {
      appended += try append(
        account: account.number, account.keys,
        from: account.nextIndex, in: connection)
      for later in account.epoch + 1...epoch {
        let (number, keys) = try insert(account, epoch: later, in: connection)
        // Of the new epoch nothing has been given yet.
        guard later < epoch else { continue }
        appended += try append(
          account: number, keys, from: 0, in: connection)
      }
    }
    return appended
  }

  /// Of each tenant, family and region the account of the latest epoch: only that gave addresses.
  private func newestAccounts(in connection: any SQLConnection) throws -> [Account] {
    let rows = try connection.query(
      """
      SELECT account_id, tenant, family, region, epoch, descriptor, next_index, purpose
      FROM accounts
      WHERE epoch = (SELECT MAX(epoch) FROM accounts AS others
        WHERE others.tenant = accounts.tenant AND others.family = accounts.family
          AND others.region = accounts.region AND others.purpose = accounts.purpose)
      ORDER BY account_id
      """)
    let first = try rows.first { try $0.text("family") == "bitcoin" }
    let bitcoin = try first.map { try network(for: $0.text("descriptor"), in: connection) }
    return try rows.map { row in
      try Account(
        number: row.integer("account_id"), tenant: row.text("tenant"), family: row.text("family"),
        region: row.text("region"), epoch: row.integer("epoch"),
        nextIndex: row.integer("next_index"), purpose: row.text("purpose"),
        keys: Self.keys(row, network: bitcoin))
    }
  }

  private static func keys(_ row: SQLRow, network: BitcoinNetwork?) throws -> AccountKeys {
    let text = try row.text("descriptor")
    switch try row.text("family") {
    case "bitcoin":
      guard let network else { throw Failure.networkUnknown }
      return try AccountKeys(text, for: .bitcoin(network))
    // What was taken for a main network is right on any.
    case "ethereum": return .ethereum(try EthereumAccount(text, isTest: true))
    default: throw CorruptRow.column("family")
    }
  }

  /// The Bitcoin network whose addresses the database holds. Test networks that write addresses
  /// alike are the same here: only the text is made of it.
  private func network(
    for descriptor: String, in connection: any SQLConnection
  ) throws -> BitcoinNetwork {
    if let network { return network }
    let row = try connection.queryFirst(
      "SELECT address FROM addresses WHERE family = 'bitcoin' ORDER BY ordinal LIMIT 1")
    let text = try row?.text("address")
    for network in [BitcoinNetwork.mainnet, .testnet3, .regtest] {
      if let text {
        if (try? BitcoinAddress(text, network: network)) != nil { return network }
      } else if network == .mainnet,
        (try? Descriptor(descriptor, network: network, checksum: .required)) != nil
      {
        return network
      }
    }
    throw Failure.networkUnknown
  }

  /// The same account at another epoch; its number and keys.
  private func insert(
    _ account: Account, epoch: Int64, in connection: any SQLConnection
  ) throws -> (Int64, AccountKeys) {
    let isTreasury = account.purpose == AccountPurpose.treasury.rawValue
    guard let branch = UInt32(exactly: 2 * epoch + (isTreasury ? 1 : 0)),
      let keys = try account.keys.onBranch(branch)
    else { throw Failure.notAnAccount(account.keys.text) }
    try connection.execute(
      """
      INSERT INTO accounts (tenant, family, region, epoch, descriptor, next_index, purpose)
      VALUES ($1, $2, $3, $4, $5, 0, $6)
      """,
      [
        .text(account.tenant), .text(account.family), .text(account.region), .integer(epoch),
        .text(keys.text), .text(account.purpose),
      ])
    let row = try connection.queryFirst(
      "SELECT account_id FROM accounts WHERE descriptor = $1", [.text(keys.text)])
    guard let number = try row?.integer("account_id") else {
      throw DatabaseError.other(code: 0, message: "an account that was written isn't there")
    }
    return (number, keys)
  }

  private func append(
    account: Int64, _ keys: AccountKeys, from first: Int64,
    in connection: any SQLConnection
  ) throws -> Int {
    let (derived, next) = try keys.addresses(
      from: first, count: Int(lookAhead), by: .libsecp256k1)
    try connection.execute(
      "UPDATE accounts SET next_index = $1 WHERE account_id = $2",
      [.integer(next), .integer(account)])
    try AddressPool.append(
      derived, account: account, family: keys.family, isTouched: true, in: connection)
    return derived.count
  }
}
