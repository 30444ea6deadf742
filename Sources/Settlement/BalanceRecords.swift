internal import Bytes
internal import ChainTypes
internal import Database
internal import Watching

/// What addresses' balances should be, by what the tables hold.
enum BalanceRecords {
  /// More than this many transfers or incomes of an address aren't added up.
  private static let rowLimit = 10_000

  /// - Returns: of one moment: the reading transaction's; nil where there is no such chain
  static func expectations(
    on chain: ChainName, family: String, _ selection: BalanceExpectations.Selection,
    in connection: any SQLConnection
  ) throws -> BalanceExpectations? {
    guard let cursor = try ChainRecords.cursor(of: chain, in: connection) else { return nil }
    let made = selection.madeThrough
    let start = BalanceExpectations.Place(expiresAt: Timestamp(microseconds: 0), payment: "")
    let expiring = try waiting(
      on: chain, madeThrough: made, after: start, before: selection.expiringBefore,
      limit: selection.expiringLimit, in: connection)
    var others: [WaitingPayment] = []
    var isAround = false
    let free = selection.limit - expiring.count
    if free > 0 {
      others = try waiting(
        on: chain, madeThrough: made, after: selection.after ?? start, limit: free, in: connection)
      if others.count < free, selection.after != nil {
        isAround = true
        others += try waiting(
          on: chain, madeThrough: made, after: start, limit: free - others.count, in: connection)
      }
    }
    let isWhole = others.count < free
    var known: Set<UInt64> = []
    var all: [BalanceExpectation] = []
    for payment in expiring + others where known.insert(payment.script.ordinal).inserted {
      all.append(
        BalanceExpectation(
          script: payment.script,
          explained: try explained(payment.script.ordinal, on: chain, family, in: connection)))
    }
    let next = isWhole && !isAround ? nil : others.last?.place ?? selection.after
    return BalanceExpectations(version: cursor.version, all: all, next: next)
  }

  private struct WaitingPayment {
    let script: WatchedScript
    let place: BalanceExpectations.Place
  }

  /// Payments in the chain's coin that haven't ended and whose deadlines haven't passed, behind
  /// `place`, by their deadlines.
  private static func waiting(
    on chain: ChainName, madeThrough: Timestamp?, after place: BalanceExpectations.Place,
    before end: Timestamp = Timestamp(microseconds: .max), limit: Int,
    in connection: any SQLConnection
  ) throws -> [WaitingPayment] {
    try connection.query(
      """
      SELECT payments.payment_id, payments.expires_at, addresses.ordinal, addresses.script
      FROM payments JOIN addresses ON addresses.payment_id = payments.payment_id
      WHERE payments.chain = $1 AND payments.deadline_passed = 0 AND payments.contract = ''
        AND payments.holds_order = 1 AND payments.created_at <= $2
        AND payments.expires_at >= $3 AND payments.expires_at < $4
        AND (payments.expires_at > $3 OR payments.payment_id > $5)
      ORDER BY payments.expires_at, payments.payment_id LIMIT $6
      """,
      [
        .text(chain.text), .integer(madeThrough?.microseconds ?? .max), .time(place.expiresAt),
        .time(end), .text(place.payment), .integer(Int64(limit)),
      ]
    ).map {
      try WaitingPayment(
        script: WatchedScript(ordinal: $0.ordinal("ordinal"), scriptPubKey: $0.blob("script")),
        place: BalanceExpectations.Place(
          expiresAt: $0.time("expires_at"), payment: $0.text("payment_id")))
    }
  }

  /// What came to the address in the chain's coin, in wei. Dust counts for nothing and did come;
  /// what nothing proves may be made up.
  private static func explained(
    _ ordinal: UInt64, on chain: ChainName, _ family: String, in connection: any SQLConnection
  ) throws -> UInt256? {
    let transfers = try connection.query(
      """
      SELECT value FROM transfers
      WHERE family = $1 AND ordinal = $2 AND chain = $3 AND contract = ''
        AND state IN ('included', 'confirmed', 'final', 'quarantined', 'released', 'refunded')
        AND COALESCE(detail, '') <> 'unproven'
      LIMIT $4
      """,
      [.text(family), .ordinal(ordinal), .text(chain.text), .integer(Int64(rowLimit))])
    let incomes = try connection.query(
      "SELECT value FROM incomes WHERE family = $1 AND ordinal = $2 AND chain = $3 LIMIT $4",
      [.text(family), .ordinal(ordinal), .text(chain.text), .integer(Int64(rowLimit))])
    guard transfers.count < rowLimit, incomes.count < rowLimit else { return nil }
    var sum = UInt256.zero
    for row in transfers + incomes {
      let (next, overflow) = sum.addingReportingOverflow(try row.amount("value"))
      guard !overflow else { return nil }
      sum = next
    }
    return sum
  }
}
