internal import Aggregates
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Database
internal import Digests
internal import EventLog
internal import Leases
internal import Payments
internal import Watching

/// Writes one step of a watcher inside one transaction: headers and coverage, transfers, the
/// payments they pay, deadlines that have passed, the cursor, and the events of it all.
struct StepWriter {
  let step: ChainStep
  let spec: ChainSpec
  let lease: Lease?
  let deadlineLimit: Int
  let connection: any SQLConnection

  var form: HashForm { spec.family.hashForm }

  func write() throws -> ChainCursor {
    if let lease { try Leases.check(lease, in: connection) }
    guard let cursor = try ChainRecords.cursor(of: step.chain, locking: true, in: connection),
      cursor.version == step.expectedVersion
    else { throw StaleCursor(chain: step.chain, expected: step.expectedVersion) }
    // Another watcher has learnt of addresses since, and they may have been handed out: what this
    // one looked through, it looked through without them.
    let looked = !step.connected.isEmpty || step.lookedThrough != nil
    guard !looked || step.addressesThrough >= cursor.addressesThrough else {
      throw StaleCursor(chain: step.chain, expected: step.expectedVersion)
    }
    // The same of what outgoing transactions may use up.
    let slotsVersion = try OutgoingRecords.slotsVersion(of: step.chain, in: connection)
    guard step.connected.isEmpty || step.slotsVersion >= slotsVersion else {
      throw StaleCursor(chain: step.chain, expected: step.expectedVersion)
    }

    let tip = try writeBlocks(from: cursor)
    var drafts = try chainEvents(from: cursor, to: tip)
    drafts += try noticeDrafts()
    drafts += try writeIncomes(at: tip)
    drafts += try writeTransfers(from: cursor)
    drafts += try writeOutgoing(
      at: tip, finalized: step.finalized ?? cursor.finalized,
      isHalted: (cursor.halt ?? step.halt) != nil)
    for proof in step.proofs {
      try ProofRecords.save(proof, chain: step.chain, in: connection)
    }
    if let lookedThrough = step.lookedThrough {
      drafts += try passDeadlines(lookedThrough)
    }
    try EventLog.append(drafts, in: connection)

    let next = ChainCursor(
      version: cursor.version + 1, tip: tip,
      addressesThrough: max(cursor.addressesThrough, step.addressesThrough),
      lookedThrough: step.lookedThrough ?? cursor.lookedThrough, halt: cursor.halt ?? step.halt,
      stallTold: step.stalledSince == nil ? cursor.stallTold : tip.hash,
      finalized: step.finalized ?? cursor.finalized,
      untracedAt: step.untraced.isEmpty && !step.hasUnwitnessed ? cursor.untracedAt : step.now)
    try write(next)
    return next
  }

  private func write(_ next: ChainCursor) throws {
    let moved = try connection.execute(
      """
      UPDATE chains SET version = $1, tip_height = $2, tip_hash = $3, addresses_through = $4,
        looked_through = $5, halt = $6, stall_told = $7, writer_epoch = COALESCE($8, writer_epoch),
        final_height = $10, final_hash = $11, untraced_at = $12
      WHERE chain = $9 AND writer_epoch <= COALESCE($8, writer_epoch)
      """,
      [
        .integer(next.version), .integer(Int64(next.tip.height)), .hash(next.tip.hash),
        .ordinal(next.addressesThrough), .optional(next.lookedThrough?.microseconds),
        .optional(next.halt), .optional(next.stallTold?.bytes), .optional(lease?.epoch),
        .text(step.chain.text), .optional(next.finalized.map { Int64($0.height) }),
        .optional(next.finalized?.hash.bytes), .optional(next.untracedAt?.microseconds),
      ])
    // Someone wrote under a later lease, whatever the table of leases says.
    if moved != 1, let lease { throw LeaseLost(lease) }
  }

  // MARK: Blocks

  private func writeBlocks(from cursor: ChainCursor) throws -> BlockRef {
    var tip = cursor.tip
    for link in step.disconnected {
      guard link.ref == tip, link.ref.height > 0 else {
        throw StaleCursor(chain: step.chain, expected: step.expectedVersion)
      }
      try connection.execute(
        "DELETE FROM headers WHERE chain = $1 AND height = $2",
        [.text(step.chain.text), .integer(Int64(link.ref.height))])
      try HeaderRecords.remove(at: link.ref.height, of: step.chain, in: connection)
      try ChainRecords.uncover(link, chain: step.chain, in: connection)
      tip = BlockRef(height: link.ref.height - 1, hash: link.parent)
    }
    for link in step.connected {
      guard link.parent == tip.hash, link.ref.height == tip.height + 1 else {
        throw StaleCursor(chain: step.chain, expected: step.expectedVersion)
      }
      try ChainRecords.insert(link, chain: step.chain, in: connection)
      if let header = step.headers[link.ref] {
        try HeaderRecords.insert(header, at: link.ref.height, of: step.chain, in: connection)
      }
      try ChainRecords.cover(
        link, addressesThrough: step.addressesThrough, chain: step.chain, in: connection)
      tip = link.ref
    }
    guard !step.connected.isEmpty else { return tip }
    if tip.height >= spec.finalityDepth {
      try ChainRecords.joinCoverage(
        of: step.chain, throughHeight: tip.height - spec.finalityDepth, in: connection)
    }
    try ChainRecords.forgetHeaders(
      of: step.chain, below: tip, finalized: step.finalized ?? cursor.finalized, in: connection)
    return tip
  }

  // MARK: Transfers and payments

  private func writeTransfers(from cursor: ChainCursor) throws -> [EventDraft] {
    var drafts: [EventDraft] = []
    var touched = TouchedPayments()
    for change in step.changes {
      let transfer = change.after
      try TransferRecords.save(transfer, family: spec.family.name, in: connection)
      var owner = try owner(of: transfer.ordinal)
      if owner == nil, try !touch(transfer.ordinal) {
        // It was handed out at this very moment.
        owner = try self.owner(of: transfer.ordinal)
      }
      try book(change, owner: owner)
      let event = TransferEvent(change, owner: owner, now: step.now)
      drafts.append(try event.draft())
      drafts += try attribute(change)
      // Gas that we sent there for a sweep is nobody's payment.
      guard let owner, try !isFunding(transfer.id) else { continue }
      guard owner.chain == step.chain.text, owner.contract == transfer.contract else {
        // The same address on another chain, or another asset: it pays for nothing.
        if change.isArrival {
          drafts.append(try event.draft(type: "transfer.misdirected"))
        }
        continue
      }
      touched.add(try PaymentTransfer(transfer), to: owner.payment)
    }
    for (id, updates) in touched.inOrder {
      guard var payment = try PaymentRecords.load(id, in: connection) else {
        throw CorruptRow.column("payment_id")
      }
      // What was quarantined or had failed from the start never counted: it stands among the
      // transfers and is told there, and whoever sends dust by the thousand costs the payment
      // nothing.
      let counting = updates.filter {
        ($0.state != .quarantined && $0.state != .failed) || payment.knows($0.id)
      }
      .map { observed($0, by: payment, from: cursor) }
      guard !counting.isEmpty else { continue }
      drafts += try PaymentRecords.apply(
        .observed(counting), to: &payment, now: step.now, in: connection)
    }
    return drafts
  }

  /// Books a transfer that came to stand in a block, or doesn't any more.
  private func book(_ change: TransferChange, owner: AddressOwner?) throws {
    guard change.isBookedOtherwise else { return }
    let transfer = change.after
    let isDue =
      owner.map { $0.chain == step.chain.text && $0.contract == transfer.contract } ?? false
    let isForPayment = try isDue && !isFunding(transfer.id)
    func entry(_ value: UInt256, _ contract: Hash20?) -> LedgerEntry {
      .transfer(value, on: step.chain, contract: contract, isForPayment: isForPayment)
    }
    let tenant = try owner?.tenant ?? self.tenant(of: transfer.ordinal)
    if let before = change.before, before.contract != transfer.contract {
      try LedgerRecords.book(
        entry(.zero, before.contract), of: transfer.id.description, tenant: tenant, now: step.now,
        in: connection)
    }
    try LedgerRecords.book(
      entry(transfer.state.isInActiveChain ? transfer.value : .zero, transfer.contract),
      of: transfer.id.description, tenant: tenant, now: step.now, in: connection)
  }

  /// Whose account the address is of.
  func tenant(of ordinal: UInt64) throws -> String? {
    try connection.queryFirst(
      """
      SELECT accounts.tenant FROM addresses
      JOIN accounts ON accounts.account_id = addresses.account_id
      WHERE addresses.family = $1 AND addresses.ordinal = $2
      """, [.text(spec.family.name), .ordinal(ordinal)]
    )?.text("tenant")
  }

  private func isFunding(_ id: TransferID) throws -> Bool {
    guard case .ethereum = spec.family, step.slotsVersion > 0 else { return false }
    if try OutgoingRecords.isFunding(id, in: connection) { return true }
    // One whose bytes nobody has brought yet is known by what was signed, from this step on.
    guard let sighting = step.sightings.first(where: { $0.txid == id.txid }),
      let own = try ownID(of: sighting)
    else { return false }
    return try OutgoingRecords.load(own, locking: false, in: connection)?.purpose == .gas
  }

  /// The update with what the cursor adds to it: until when nothing was missed before it was found,
  /// and whether the chain is halted, which matters where no confirmation is needed.
  private func observed(
    _ update: PaymentTransfer, by payment: Payment, from cursor: ChainCursor
  ) -> PaymentTransfer {
    let isHalted = (cursor.halt ?? step.halt) != nil
    let update = update.heldBack(isHalted && payment.terms.confirmations == 0)
    // Where nothing counts before it is in a block, the block's time tells when it came.
    guard case .bitcoin = spec.family, !payment.knows(update.id) else { return update }
    return update.found(after: cursor.lookedThrough ?? Timestamp(microseconds: 0))
  }

  /// Money on an address that nobody was given: it never will be handed out. False where somebody
  /// has it.
  func touch(_ ordinal: UInt64) throws -> Bool {
    let touched = try connection.execute(
      """
      UPDATE addresses SET touched = 1
      WHERE family = $1 AND ordinal = $2 AND payment_id IS NULL
      """, [.text(spec.family.name), .ordinal(ordinal)])
    return touched > 0
  }

  func owner(of ordinal: UInt64) throws -> AddressOwner? {
    let row = try connection.queryFirst(
      """
      SELECT payments.payment_id, payments.tenant, payments.chain, payments.contract FROM addresses
      JOIN payments ON payments.payment_id = addresses.payment_id
      WHERE addresses.family = $1 AND addresses.ordinal = $2
      """, [.text(spec.family.name), .ordinal(ordinal)])
    return try row.map {
      try AddressOwner(
        payment: $0.text("payment_id"), tenant: $0.text("tenant"), chain: $0.text("chain"),
        contract: $0.contract("contract"))
    }
  }

  /// Records that the deadlines before `lookedThrough` have passed: everything that was paid by
  /// then is known by now.
  private func passDeadlines(_ lookedThrough: Timestamp) throws -> [EventDraft] {
    let rows = try connection.query(
      """
      SELECT payment_id FROM payments
      WHERE chain = $1 AND deadline_passed = 0 AND expires_at < $2
      ORDER BY expires_at, payment_id LIMIT $3
      """,
      [.text(step.chain.text), .time(lookedThrough), .integer(Int64(deadlineLimit))])
    var drafts: [EventDraft] = []
    for row in rows {
      guard var payment = try PaymentRecords.load(row.text("payment_id"), in: connection) else {
        continue
      }
      drafts += try PaymentRecords.apply(
        .deadlinePassed(lookedThrough: lookedThrough), to: &payment, now: step.now,
        in: connection)
    }
    return drafts
  }

  // MARK: Events of the chain

  private func chainEvents(from cursor: ChainCursor, to tip: BlockRef) throws -> [EventDraft] {
    var drafts: [EventDraft] = []
    if let lowest = step.disconnected.last {
      drafts.append(
        try draft(
          "chain.reorged",
          ChainEvent(
            chain: step.chain.text, from: cursor.tip.text(form), to: tip.text(form),
            commonAncestor: BlockRef(height: lowest.ref.height - 1, hash: lowest.parent)
              .text(form),
            depth: step.disconnected.count, connected: step.connected.count)))
    }
    if let halt = step.halt, cursor.halt == nil {
      drafts.append(
        try draft(
          "chain.halted",
          ChainEvent(chain: step.chain.text, to: tip.text(form), reason: halt)))
    }
    if let first = step.untraced.first, let last = step.untraced.last {
      drafts.append(
        try draft(
          "chain.untraced",
          ChainEvent(
            chain: step.chain.text, from: first.text(form), to: last.text(form),
            blocks: step.untraced.count)))
    }
    if let since = step.stalledSince, cursor.stallTold != tip.hash {
      drafts.append(
        try draft(
          "chain.stalled",
          ChainEvent(chain: step.chain.text, to: tip.text(form), since: since.description),
          causedBy: tip.text(form)))
    }
    return drafts
  }

  /// - Parameter fact: what caused it, where that isn't this very step
  func draft(
    _ type: String, _ event: some Encodable, causedBy fact: String? = nil
  ) throws -> EventDraft {
    let text = try CanonicalJSON.document(event)
    // The cursor's version makes the same thing happening twice two events.
    let cause = SHA256.hash(
      Array("\(step.chain)\n\(fact ?? "\(step.expectedVersion)\n\(text)")".utf8))
    return EventDraft(
      type: type, subject: step.chain.text, cause: cause, time: step.now, data: text)
  }
}

extension TransferChange {
  /// Whether the ledger has something else of it afterwards.
  fileprivate var isBookedOtherwise: Bool {
    guard let before, before.state.isInActiveChain else { return after.state.isInActiveChain }
    return !after.state.isInActiveChain || before.value != after.value
      || before.contract != after.contract || before.ordinal != after.ordinal
  }

  /// Whether value comes that wasn't there before, or not as this.
  fileprivate var isArrival: Bool {
    guard after.state.moves else { return false }
    guard let before, before.state.moves else { return true }
    return before.contract != after.contract || before.ordinal != after.ordinal
  }
}

/// Whose address it is.
struct AddressOwner {
  let payment: String
  let tenant: String
  /// On which the payment is due; its address may be paid on any chain of the family.
  let chain: String
  /// The due token's; nil where the chain's own coin is due.
  let contract: Hash20?
}

/// The payments of a step, in the order in which it touches them first, each with its transfers as
/// they stand afterwards: a payment is told once a step.
private struct TouchedPayments {
  private var payments: [(id: String, updates: [PaymentTransfer])] = []
  private var places: [String: Int] = [:]
  private var updatePlaces: [[TransferID: Int]] = []

  var inOrder: [(id: String, updates: [PaymentTransfer])] { payments }

  mutating func add(_ update: PaymentTransfer, to payment: String) {
    let place = places[payment] ?? payments.count
    if place == payments.count {
      places[payment] = place
      payments.append((payment, []))
      updatePlaces.append([:])
    }
    // A reorg can give the same transfer to another payment.
    if let known = updatePlaces[place][update.id] {
      payments[place].updates[known] = update
    } else {
      updatePlaces[place][update.id] = payments[place].updates.count
      payments[place].updates.append(update)
    }
  }
}

/// The data of a `chain.*` event; blocks as `height:hash`.
private struct ChainEvent: Encodable {
  var chain: String
  var from: String?
  var to: String
  var commonAncestor: String?
  var depth: Int?
  var connected: Int?
  var blocks: Int?
  var reason: String?
  var since: String?
}
