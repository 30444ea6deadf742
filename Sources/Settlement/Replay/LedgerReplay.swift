internal import Aggregates
internal import Bytes
internal import ChainTypes
internal import Database
internal import Payments

/// The check of the ledger: each subject's entries one by one, what of it stands against what the
/// other tables make of it, and the balances against the entries' sums.
struct LedgerReplay {
  private let connection: any SQLConnection
  private let source: LedgerSource
  private(set) var entryCount = 0
  private var differences: [String] = []
  private var sums: [LedgerPlace: LedgerSum] = [:]
  /// The subject whose entries are read, up to the last of them.
  private var group: Group?

  init(connection: any SQLConnection) {
    self.connection = connection
    source = LedgerSource(connection: connection)
  }

  mutating func run() throws -> [String] {
    try compareEntries()
    try compareSubjects()
    try compareBalances()
    return differences
  }

  // MARK: Entries

  private struct Group {
    let subject: String
    let chain: ChainName
    let contract: Hash20?
    var number: Int64 = 0
    /// What stands: the last entry's, where that is `booked`.
    var booked: [LedgerPosting]?
    var tenant = ""

    var name: String { subject + (contract.map { " in 0x\($0.hex)" } ?? "") }
  }

  private mutating func compareEntries() throws {
    var last: [SQLValue] = [.text(""), .text(""), .text(""), .integer(0)]
    while true {
      let rows = try connection.query(
        """
        SELECT * FROM ledger_entries WHERE (subject, chain, contract, number) > ($1, $2, $3, $4)
        ORDER BY subject, chain, contract, number LIMIT \(ReplayCheck.pageSize)
        """, last)
      for row in rows { try compare(row) }
      guard rows.count == ReplayCheck.pageSize, let row = rows.last else { break }
      last = try [
        .text(row.text("subject")), .text(row.text("chain")), .text(row.text("contract")),
        .integer(row.integer("number")),
      ]
    }
    try closeGroup()
  }

  private mutating func compare(_ row: SQLRow) throws {
    let (subject, chain) = (try row.text("subject"), try row.chain("chain"))
    let contract = try row.contract("contract")
    var group: Group
    if let open = self.group, open.subject == subject, open.chain == chain,
      open.contract == contract
    {
      group = open
    } else {
      try closeGroup()
      group = Group(subject: subject, chain: chain, contract: contract)
    }
    entryCount += 1
    let (number, tenant) = (try row.integer("number"), try row.text("tenant"))
    if number != group.number + 1 {
      differences.append("\(group.name): entry \(number) follows entry \(group.number)")
    }
    let text = try row.text("postings")
    let postings = try CanonicalJSON.value([LedgerPosting].self, from: text)
    if LedgerEntry(chain: chain, contract: contract, postings: postings) == nil
      || postings.isEmpty
    {
      differences.append("\(group.name): entry \(number) doesn't balance")
    }
    let isReversal = try row.text("kind") == "reversed"
    let expected = isReversal ? (group.booked ?? []).map(\.reversed) : postings
    if try CanonicalJSON.text(expected) != text {
      differences.append("\(group.name): entry \(number) is \(text), not what it reverses")
    }
    if isReversal == (group.booked == nil) || (isReversal && tenant != group.tenant) {
      differences.append("\(group.name): entry \(number) doesn't follow the one before it")
    }
    for posting in postings {
      let place = LedgerPlace(
        tenant: tenant, chain: chain, contract: contract, account: posting.account)
      sums[place, default: LedgerSum()].add(posting)
    }
    group.number = number
    group.booked = isReversal ? nil : postings
    group.tenant = tenant
    self.group = group
  }

  /// Behind a subject's last entry: what stands is what the other tables make of it.
  private mutating func closeGroup() throws {
    guard let closed = group else { return }
    group = nil
    let booking = try source.booking(
      of: closed.subject, on: closed.chain, contract: closed.contract)
    let expected = try CanonicalJSON.text(booking?.entry.postings ?? [])
    let found = try CanonicalJSON.text(closed.booked ?? [])
    if found != expected {
      differences.append("\(closed.name): booked is \(found), the tables make \(expected)")
    } else if let booking, closed.booked != nil, closed.tenant != booking.tenant ?? "" {
      differences.append(
        "\(closed.name): booked for \(closed.tenant), it is \(booking.tenant ?? "nobody")'s")
    }
  }

  // MARK: What is missing

  private mutating func compareSubjects() throws {
    var missing: [String] = []
    let (connection, source) = (connection, source)
    func check(_ subject: String, on chain: ChainName, contract: Hash20?) throws {
      let booked = try connection.queryFirst(
        """
        SELECT 1 AS one FROM ledger_entries
        WHERE subject = $1 AND chain = $2 AND contract = $3 LIMIT 1
        """, [.text(subject), .text(chain.text), .contract(contract)])
      guard booked == nil,
        try source.booking(of: subject, on: chain, contract: contract)?.entry.isEmpty == false
      else { return }
      missing.append("\(subject): nothing of it is booked")
    }
    try ReplayCheck.eachRow(
      of: "payments", by: "payment_id", where: "status = 'settled'", in: connection
    ) { row in
      try check(
        row.text("payment_id"), on: row.chain("chain"), contract: row.contract("contract"))
    }
    try ReplayCheck.eachRow(
      of: "outgoing", by: "outgoing_id", where: "block_hash IS NOT NULL", in: connection
    ) { row in
      let transaction = try OutgoingRecords.transaction(row, in: connection)
      for entry in transaction.ledgerEntries {
        try check(transaction.id, on: entry.chain, contract: entry.contract)
      }
    }
    for chain in try connection.query("SELECT chain FROM chains ORDER BY chain") {
      let name = try chain.chain("chain")
      try LedgerSubjects.eachTransfer(on: name, in: connection) {
        try check($0, on: name, contract: $1)
      }
      try LedgerSubjects.eachIncome(on: name, in: connection) {
        try check($0, on: name, contract: nil)
      }
    }
    differences += missing
  }

  // MARK: Balances

  private mutating func compareBalances() throws {
    var rest = sums
    var totals: [LedgerPlace: LedgerSum] = [:]
    for balance in try LedgerRecords.balances(in: connection) {
      let place = LedgerPlace(
        tenant: balance.tenant, chain: balance.chain, contract: balance.contract,
        account: balance.account)
      let found = LedgerSum(debit: balance.debit, credit: balance.credit)
      let expected = rest.removeValue(forKey: place) ?? LedgerSum()
      if found != expected {
        differences.append("balance of \(place): is \(found), the entries make \(expected)")
      }
      totals[place.asset, default: LedgerSum()].add(found)
    }
    for (place, sum) in rest.sorted(by: { $0.key.description < $1.key.description }) {
      differences.append("balance of \(place): is missing, the entries make \(sum)")
    }
    for (place, total) in totals.sorted(by: { $0.key.description < $1.key.description })
    where total.debit != total.credit {
      differences.append("balances of \(place): debits and credits differ, \(total)")
    }
  }
}

/// Where a sum stands: an account, or all of them together.
struct LedgerPlace: Hashable, CustomStringConvertible {
  let tenant: String
  let chain: ChainName
  let contract: Hash20?
  /// Nil for all.
  let account: LedgerAccount?

  var asset: LedgerPlace {
    LedgerPlace(tenant: tenant, chain: chain, contract: contract, account: nil)
  }

  var description: String {
    let parts: [String?] = [
      tenant.isEmpty ? "nobody" : tenant, chain.text, contract.map { "0x\($0.hex)" },
      account?.rawValue,
    ]
    return parts.compactMap { $0 }.joined(separator: " ")
  }
}

/// Debits and credits. Saturates: beyond 256 bits nothing can be right any more.
struct LedgerSum: Hashable, CustomStringConvertible {
  private(set) var debit = UInt256.zero
  private(set) var credit = UInt256.zero

  var description: String { "debit \(debit.decimal), credit \(credit.decimal)" }

  mutating func add(_ posting: LedgerPosting) {
    switch posting.side {
    case .debit: add(LedgerSum(debit: posting.amount))
    case .credit: add(LedgerSum(credit: posting.amount))
    }
  }

  mutating func add(_ other: LedgerSum) {
    debit = (try? debit.adding(other.debit)) ?? .max
    credit = (try? credit.adding(other.credit)) ?? .max
  }
}
