internal import ChainTypes
internal import Database

/// An address that a payment may get.
package struct ReadyAddress: Sendable, Hashable {
  let ordinal: UInt64
  let text: String
}

/// Whose addresses, of which family and region: one account, the one of the latest restore epoch.
struct AddressSource: Sendable, Hashable {
  let tenant: String
  let family: String
  let region: String
}

/// Free addresses in their table, and what is set aside of them.
///
/// A payment gets an address by one statement that changes its row only while it is free and
/// untouched: that alone decides. Reservations merely keep processes from trying the same ones.
/// So nothing is lost with a process that dies: what it had set aside is free again when the
/// reservation ends, or earlier where nothing else is left.
enum AddressRecords {
  /// How long others leave alone what is set aside.
  static let reservationSeconds: Int64 = 60

  static func account(
    of source: AddressSource, in connection: any SQLConnection
  ) throws -> Int64? {
    try connection.queryFirst(
      """
      SELECT account_id FROM accounts
      WHERE tenant = $1 AND family = $2 AND region = $3 AND purpose = 'payments'
      ORDER BY epoch DESC LIMIT 1
      """, [.text(source.tenant), .text(source.family), .text(source.region)]
    )?.integer("account_id")
  }

  /// A free address for this transaction, rather one that nobody has set aside. Others that look
  /// at the same time get others.
  static func free(
    of source: AddressSource, through ordinal: UInt64, in connection: any SQLConnection
  ) throws -> ReadyAddress? {
    guard let account = try account(of: source, in: connection) else { return nil }
    for isReservedToo in [false, true] {
      let found = try free(
        account: account, through: ordinal, limit: 1, isReservedToo: isReservedToo,
        lock: connection.dialect.forUpdateSkipLocked, in: connection)
      if let address = found.first { return address }
    }
    return nil
  }

  /// Sets aside the next `limit` free addresses that nobody has. None where there are none, or
  /// where another process did at the same moment.
  static func reserve(
    _ limit: Int, of source: AddressSource, through ordinal: UInt64,
    in connection: any SQLConnection
  ) throws -> [ReadyAddress] {
    guard let account = try account(of: source, in: connection) else { return [] }
    let now = connection.dialect.nowMicroseconds
    try connection.execute(
      "DELETE FROM address_reservations WHERE account_id = $1 AND expires_at <= \(now)",
      [.integer(account)])
    let found = try unreserved(limit, account: account, through: ordinal, in: connection)
    guard let first = found.first, let last = found.last else { return [] }
    // Two that look at once begin at the same ordinal: the key lets one of them have it.
    let reserved = try connection.execute(
      """
      INSERT INTO address_reservations (account_id, first_ordinal, last_ordinal, expires_at)
      VALUES ($1, $2, $3, \(now) + $4) ON CONFLICT (account_id, first_ordinal) DO NOTHING
      """,
      [
        .integer(account), .ordinal(first.ordinal), .ordinal(last.ordinal),
        .integer(reservationSeconds * 1_000_000),
      ])
    return reserved == 1 ? found : []
  }

  /// The first free addresses that nobody has set aside. Goes from gap to gap between what is set
  /// aside and not yet taken, of which there is little: to hold every address against every
  /// reservation would take longer the faster payments are made.
  private static func unreserved(
    _ limit: Int, account: Int64, through ordinal: UInt64, in connection: any SQLConnection
  ) throws -> [ReadyAddress] {
    let ranges = try connection.query(
      """
      SELECT first_ordinal, last_ordinal FROM address_reservations
      WHERE account_id = $1 ORDER BY first_ordinal
      """, [.integer(account)]
    ).map { try (first: $0.ordinal("first_ordinal"), last: $0.ordinal("last_ordinal")) }
    var found: [ReadyAddress] = []
    var (after, next): (UInt64, Int) = (0, 0)
    while found.count < limit {
      let free = try connection.queryFirst(
        """
        SELECT ordinal FROM addresses
        WHERE payment_id IS NULL AND touched = 0 AND account_id = $1 AND ordinal > $2
          AND ordinal <= $3
        ORDER BY ordinal LIMIT 1
        """, [.integer(account), .ordinal(after), .ordinal(ordinal)])
      guard let start = try free?.ordinal("ordinal") else { break }
      // Ranges may overlap, but begin in order.
      var end: UInt64 = 0
      while next < ranges.count, ranges[next].first <= start {
        end = max(end, ranges[next].last)
        next += 1
      }
      after = max(after, end)
      guard start > after else { continue }
      let through = next < ranges.count ? min(ordinal, ranges[next].first - 1) : ordinal
      let rows = try connection.query(
        """
        SELECT ordinal, address FROM addresses
        WHERE payment_id IS NULL AND touched = 0 AND account_id = $1 AND ordinal >= $2
          AND ordinal <= $3
        ORDER BY ordinal LIMIT $4
        """,
        [
          .integer(account), .ordinal(start), .ordinal(through),
          .integer(Int64(limit - found.count)),
        ])
      found += try rows.map {
        try ReadyAddress(ordinal: $0.ordinal("ordinal"), text: $0.text("address"))
      }
      after = through
    }
    return found
  }

  private static func free(
    account: Int64, through ordinal: UInt64, limit: Int, isReservedToo: Bool, lock: String,
    in connection: any SQLConnection
  ) throws -> [ReadyAddress] {
    let unreserved = """
       AND NOT EXISTS (
        SELECT 1 FROM address_reservations AS reserved
        WHERE reserved.account_id = addresses.account_id
          AND addresses.ordinal BETWEEN reserved.first_ordinal AND reserved.last_ordinal
          AND reserved.expires_at > \(connection.dialect.nowMicroseconds))
      """
    return try connection.query(
      """
      SELECT ordinal, address FROM addresses
      WHERE payment_id IS NULL AND touched = 0 AND account_id = $1 AND ordinal <= $2\
      \(isReservedToo ? "" : unreserved)
      ORDER BY ordinal LIMIT $3\(lock)
      """, [.integer(account), .ordinal(ordinal), .integer(Int64(limit))]
    ).map { try ReadyAddress(ordinal: $0.ordinal("ordinal"), text: $0.text("address")) }
  }

  /// Gives the address to the payment for ever, or fails the transaction with
  /// `DatabaseError.unexpectedRowCount` where it isn't free any more, was paid already, is
  /// another one since the database was replaced, or the chain is halted.
  // COALESCE keeps PostgreSQL from going through the partial index of free addresses, which it
  // takes for the shortest way while a table is new to it.
  static func take(
    _ address: ReadyAddress, family: String, chain: ChainName, payment: String,
    in connection: any SQLConnection
  ) throws {
    try connection.submit(
      [
        .text(payment), .text(family), .ordinal(address.ordinal), .text(chain.text),
        .text(address.text),
      ], of: taking)
  }

  private static let taking = RowStatement.update(
    "payment_id, family, ordinal BIGINT, chain, address",
    single: """
      UPDATE addresses SET payment_id = $1
      WHERE family = $2 AND ordinal = $3 AND COALESCE(payment_id, '') = '' AND touched = 0
        AND address = $5
        AND NOT EXISTS (SELECT 1 FROM chains WHERE chain = $4 AND halt IS NOT NULL)
      """,
    several: (
      head: "UPDATE addresses SET payment_id = given.column1 FROM ",
      tail: """
         WHERE family = given.column2 AND ordinal = given.column3
        AND COALESCE(payment_id, '') = '' AND touched = 0 AND address = given.column5
        AND given.column4 NOT IN (SELECT chain FROM chains WHERE halt IS NOT NULL)
      """
    ))
}
