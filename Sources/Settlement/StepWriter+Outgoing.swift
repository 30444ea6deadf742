internal import Addresses
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Database
internal import EventLog
internal import Payments
internal import Watching

// Transactions of our own, followed through blocks: what a slot was used up by decides.
extension StepWriter {
  /// Takes back what stood in blocks that left the active chain, notes what the new ones use up,
  /// and lets what is deep enough become confirmed and final.
  ///
  /// - Parameters:
  ///   - tip: as the step leaves it
  ///   - finalized: the highest block that the chain calls final, where it does
  func writeOutgoing(
    at tip: BlockRef, finalized: BlockRef?, isHalted: Bool
  ) throws -> [EventDraft] {
    guard step.slotsVersion > 0 else { return [] }
    var drafts: [EventDraft] = []
    for link in step.disconnected { drafts += try takeBack(in: link.ref) }
    for sighting in step.sightings { drafts += try note(sighting) }
    guard !isHalted, !step.connected.isEmpty || step.finalized != nil else { return drafts }
    drafts += try advance(at: tip, finalized: finalized)
    return try drafts + (step.connected.isEmpty ? [] : tellStuck(at: tip))
  }

  // MARK: Blocks that come and go

  private func takeBack(in block: BlockRef) throws -> [EventDraft] {
    let place: [SQLValue] = [.text(step.chain.text), .hash(block.hash)]
    let roots = try connection.query(
      "SELECT DISTINCT root FROM outgoing_slots WHERE chain = $1 AND used_hash = $2", place
    ).map { try $0.text("root") }
    // What a stranger had spent, and nothing of ours sets aside, is free again.
    try connection.execute(
      """
      DELETE FROM outgoing_slots WHERE chain = $1 AND used_hash = $2 AND NOT EXISTS (
        SELECT 1 FROM outgoing_slot_uses AS uses
        WHERE uses.chain = outgoing_slots.chain AND uses.slot = outgoing_slots.slot)
      """, place)
    try connection.execute(
      """
      UPDATE outgoing_slots SET is_open = 1, used_by = NULL, used_height = NULL, used_hash = NULL
      WHERE chain = $1 AND used_hash = $2
      """, place)
    var drafts: [EventDraft] = []
    for root in roots {
      for var transaction in try OutgoingRecords.family(of: root, in: connection) {
        let hadBlock = transaction.sighting?.block == block
        // It was final, and moved nothing: its refunds were held.
        let wasIdle = transaction.status == .failed && transaction.effect == .nothing
        if hadBlock { transaction.sighting = nil }
        // What had lost against a transaction that is gone may win again.
        let next: OutgoingStatus =
          switch transaction.status {
          // It stood in a block: a signed copy exists, whether or not we have it.
          case .confirmed, .final, .failed: .broadcast
          case .replaced: transaction.raw == nil && !hadBlock ? .built : .broadcast
          default: transaction.status
          }
        guard hadBlock || next != transaction.status else { continue }
        let wasSettled =
          transaction.status == .confirmed || transaction.status == .final || wasIdle
        drafts += try move(&transaction, to: next)
        if hadBlock, wasSettled {
          drafts += try tell(.reverted(outgoing: transaction.id), to: transaction.refunds)
        }
      }
    }
    return drafts
  }

  private func note(_ sighting: OutgoingSighting) throws -> [EventDraft] {
    for slot in sighting.slots {
      try connection.execute(
        """
        UPDATE outgoing_slots SET used_by = $3, used_height = $4, used_hash = $5,
          used_succeeded = $6, used_fee = $7
        WHERE chain = $1 AND slot = $2
        """,
        [
          .text(step.chain.text), .text(slot.description), .hash(sighting.txid),
          .integer(Int64(sighting.block.height)), .hash(sighting.block.hash),
          .flag(sighting.succeeded), .optional(sighting.fee?.decimal),
        ])
    }
    guard let id = try ownID(of: sighting),
      var transaction = try OutgoingRecords.load(id, in: connection)
    else { return [try tellStranger(sighting)] }
    var drafts: [EventDraft] = []
    let wasKnown = transaction.txid == sighting.txid
    let wasBuilt = transaction.status == .built
    if transaction.status == .canceled {
      drafts += try revive(&transaction, sighting)
    } else if !wasKnown {
      drafts += try tell(
        .signed(outgoing: id, txid: sighting.txid.text(form)), to: transaction.refunds)
    }
    transaction.txid = sighting.txid
    transaction.sighting = .init(
      block: sighting.block, succeeded: sighting.succeeded, fee: sighting.fee,
      tokens: tokens(moved: sighting.moved, by: transaction))
    // Whoever signed it may have sent it; one whose answer was lost was sent by us.
    let before = transaction.status
    let isUnsent = before == .built || before == .signed
    drafts += try move(&transaction, to: isUnsent ? .broadcast : before)
    guard before == .signed || wasBuilt && !wasKnown else { return drafts }
    return try drafts + tell(.broadcast(outgoing: id), to: transaction.refunds)
  }

  /// Which one of ours it is: by its txid, or where its bytes aren't known, by what was to be
  /// signed for its slot. Nil for a stranger's.
  func ownID(of sighting: OutgoingSighting) throws -> String? {
    let chain = SQLValue.text(step.chain.text)
    let known = try connection.queryFirst(
      "SELECT outgoing_id FROM outgoing WHERE chain = $1 AND txid = $2",
      [chain, .hash(sighting.txid)])
    if let known { return try known.text("outgoing_id") }
    guard let payload = sighting.payload, let slot = sighting.slots.first else { return nil }
    let unsigned = "0x" + Hex.encode(payload)
    let waiting = try connection.queryFirst(
      """
      SELECT outgoing.outgoing_id FROM outgoing_slot_uses AS uses
      JOIN outgoing ON outgoing.outgoing_id = uses.outgoing_id
      WHERE uses.chain = $1 AND uses.slot = $2 AND outgoing.unsigned = $3
      """, [chain, .text(slot.description), .text(unsigned)])
    return try waiting?.text("outgoing_id")
      ?? GivenUpTransactions.doing(unsigned, with: slot, on: step.chain, in: connection)
  }

  /// What of a token left the account, and what of that came to where it was to go; nil where the
  /// chain's own coin moves.
  private func tokens(
    moved: [TokenMovement]?, by transaction: OutgoingTransaction
  ) -> OutgoingTransaction.Tokens? {
    guard let moved, let payout = transaction.payouts.first, let contract = payout.contract,
      let recipient = try? EthereumAddress(payout.address).hash
    else { return nil }
    func sum(_ isCounted: (TokenMovement) -> Bool) -> UInt256 {
      moved.reduce(.zero) { sum, movement in
        isCounted(movement) ? (try? sum.adding(movement.value)) ?? .max : sum
      }
    }
    return .init(
      left: sum { $0.contract == contract },
      arrived: sum { $0.contract == contract && $0.recipient == recipient })
  }

  private func tellStranger(_ sighting: OutgoingSighting) throws -> EventDraft {
    let givenUp = try GivenUpTransactions.slots(on: step.chain, in: connection)
    // A coin that nothing set aside is spent all the same, and can't be spent by another of ours.
    for slot in sighting.slots where givenUp.contains(slot) {
      try use(slot, by: sighting, root: "\(slot)")
    }
    return try mismatch(
      "transaction \(sighting.txid.text(form)) in block \(sighting.block.text(form)) uses up "
        + sighting.slots.map(\.description).joined(separator: ", ")
        + ", which is or was set aside for one of ours")
  }

  /// One that was given up is in a block: somebody had signed it. It is ours as if it never had
  /// been, and pays its refunds; what was made for them in its place shares a coin or nonce with
  /// it.
  private func revive(
    _ transaction: inout OutgoingTransaction, _ sighting: OutgoingSighting
  ) throws -> [EventDraft] {
    let (id, chain) = (transaction.id, SQLValue.text(step.chain.text))
    let slots = try GivenUpTransactions.slots(of: id, in: connection)
    for slot in slots {
      try use(slot, by: sighting, root: id)
      try connection.execute(
        """
        INSERT INTO outgoing_slot_uses (chain, slot, outgoing_id) VALUES ($1, $2, $3)
        ON CONFLICT (chain, slot, outgoing_id) DO NOTHING
        """, [chain, .text(slot.description), .text(id)])
      if case .nonce(let account, let nonce) = slot {
        // Free it isn't any more, whether or not another has it.
        try connection.execute(
          """
          INSERT INTO outgoing_nonces (chain, account, next_nonce) VALUES ($1, $2, $3)
          ON CONFLICT (chain, account) DO UPDATE SET next_nonce = excluded.next_nonce
          WHERE outgoing_nonces.next_nonce < excluded.next_nonce
          """, [chain, .text(account.hex), .integer(Int64(clamping: nonce) + 1)])
      }
    }
    try GivenUpTransactions.forget(id, in: connection)
    guard let known = try OutgoingRecords.load(id, in: connection) else {
      throw CorruptRow.column("outgoing_id")
    }
    transaction = known
    transaction.status = .signed
    let txid = known.txidText ?? sighting.txid.text(form)
    return try tell(.built(outgoing: id), to: known.refunds)
      + tell(.signed(outgoing: id, txid: txid), to: known.refunds)
  }

  /// Notes what a block spends of ours that nothing has set aside; of what something has, that is
  /// noted already.
  private func use(_ slot: OutgoingSlot, by sighting: OutgoingSighting, root: String) throws {
    try connection.execute(
      """
      INSERT INTO outgoing_slots (chain, slot, root, txid, position, is_open, used_by,
        used_succeeded, used_height, used_hash)
      VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9) ON CONFLICT (chain, slot) DO NOTHING
      """,
      [
        .text(step.chain.text), .text(slot.description), .text(root),
        .optional(slot.outpoint?.txid.bytes), .optional(slot.outpoint.map { "\($0.vout)" }),
        .hash(sighting.txid), .flag(sighting.succeeded),
        .integer(Int64(sighting.block.height)), .hash(sighting.block.hash),
      ])
  }

  // MARK: Depth

  private func advance(at tip: BlockRef, finalized: BlockRef?) throws -> [EventDraft] {
    let used = try connection.query(
      """
      SELECT DISTINCT root, used_height FROM outgoing_slots
      WHERE chain = $1 AND is_open = 1 AND used_hash IS NOT NULL ORDER BY used_height, root
      """, [.text(step.chain.text)])
    var drafts: [EventDraft] = []
    for row in used {
      let (root, height) = (try row.text("root"), try row.uint32("used_height"))
      guard height <= tip.height else { throw CorruptRow.column("used_height") }
      let depth = tip.height - height + 1
      let isFinal =
        depth >= spec.finalityDepth
        && (spec.finalityTag == nil || finalized.map { height <= $0.height } ?? false)
      let family = try OutgoingRecords.family(of: root, in: connection)
      if isFinal {
        drafts += try close(root, family, through: height)
      } else if var winner = family.first(where: { $0.sighting != nil }),
        winner.status == .broadcast, winner.effect == .whole,
        depth >= confirmations(for: winner), let block = winner.sighting?.block
      {
        drafts += try move(&winner, to: .confirmed)
        drafts += try tell(
          .confirmed(outgoing: winner.id, block: block), to: winner.refunds)
      }
    }
    return drafts
  }

  /// As deep as a payment of the same amount.
  private func confirmations(for transaction: OutgoingTransaction) -> UInt32 {
    let needed = transaction.payouts.map { payout in
      let listed = payout.contract.map(spec.token) ?? spec.coin
      return listed.map {
        spec.confirmations(for: Amount(minorUnits: payout.amount, asset: $0.asset))
      } ?? spec.finalityDepth
    }
    return max(1, needed.max() ?? spec.finalityDepth)
  }

  /// A final block has used up slots of these transactions. One that stands there has won. One of
  /// whose own slots another transaction took has lost; one that shares none of those can still be
  /// mined, and stays.
  ///
  /// Where another one of ours has won, refunds that it doesn't pay have failed. Where a stranger
  /// has, nobody knows what it paid: the refunds wait for an operator's word.
  private func close(
    _ root: String, _ family: [OutgoingTransaction], through height: UInt32
  ) throws -> [EventDraft] {
    let taken = try OutgoingRecords.used(of: root, through: height, in: connection)
    var drafts: [EventDraft] = []
    var (settled, lost): (Set<String>, [String]) = ([], [])
    var hasWinner = false
    if let winner = family.first(where: { ($0.sighting?.block.height ?? .max) <= height }),
      winner.effect == .whole || winner.effect == .less
    {
      // What a sweep's first was to take its replacement took: else it would be taken again.
      for other in family where other.id != winner.id {
        try connection.execute(
          "UPDATE outgoing_sweeps SET outgoing_id = $1 WHERE outgoing_id = $2",
          [.text(winner.id), .text(other.id)])
      }
    }
    for var transaction in family {
      if let sighting = transaction.sighting, sighting.block.height <= height {
        hasWinner = true
        drafts += try settle(&transaction, sighting)
        if transaction.effect == .undone {
          lost += transaction.refunds
        } else {
          settled.formUnion(transaction.refunds)
        }
      } else if transaction.status.isPending, transaction.slots.contains(where: taken.contains) {
        drafts += try move(
          &transaction, to: .replaced, note: "another transaction used up what it needs")
        lost += transaction.refunds
      } else if transaction.status.isPending {
        // What it pays may still be paid.
        settled.formUnion(transaction.refunds)
      }
    }
    let left = lost.filter { settled.insert($0).inserted }
    if hasWinner {
      drafts += try tell(
        .failed(reason: "the chain executed another transaction, or this one without effect"),
        to: left)
    } else if !left.isEmpty {
      drafts.append(
        try mismatch(
          "a transaction that isn't ours has used up what was to pay "
            + left.joined(separator: ", ") + ": see what it paid, and end them by hand"))
    }
    try OutgoingRecords.close(root, through: height, in: connection)
    return drafts
  }

  /// What a final block has executed ends as it did there. Where a token's logs show less than was
  /// to arrive, or nothing, its refunds aren't paid: whether they are to be taken for paid, or are
  /// requested again, people decide, who see what else the contract did.
  private func settle(
    _ transaction: inout OutgoingTransaction, _ sighting: OutgoingTransaction.Sighting
  ) throws -> [EventDraft] {
    let (id, block) = (transaction.id, sighting.block)
    try GivenUpTransactions.forget(spentBy: transaction, in: connection)
    let held = RefundFact.held(
      outgoing: id, block: block, arrived: sighting.tokens?.arrived ?? .zero)
    switch transaction.effect {
    case .whole, nil:
      return try move(&transaction, to: .final)
        + tell(.final(outgoing: id, block: block), to: transaction.refunds)
    case .less:
      return try move(&transaction, to: .final, note: "less arrived than was sent")
        + tell(held, to: transaction.refunds)
    case .nothing:
      return try move(
        &transaction, to: .failed, note: "its token logged nothing that left the account")
        + tell(held, to: transaction.refunds)
    case .undone:
      return try move(&transaction, to: .failed, note: "executed without effect (status 0)")
    }
  }

  // MARK: What follows

  /// Moves it, and books what its block shows.
  private func move(
    _ transaction: inout OutgoingTransaction, to status: OutgoingStatus, note: String? = nil
  ) throws -> [EventDraft] {
    let drafts = try OutgoingRecords.move(
      &transaction, to: status, note: note, now: step.now, in: connection)
    for entry in transaction.ledgerEntries {
      try LedgerRecords.book(
        entry, of: transaction.id, tenant: transaction.tenant, now: step.now, in: connection)
    }
    return drafts
  }

  /// Applies a fact to refunds. One that a refund can't take any more (it had been given up when
  /// the chain brought it back) is told, and keeps no block from counting.
  private func tell(_ fact: RefundFact, to refunds: [String]) throws -> [EventDraft] {
    var drafts: [EventDraft] = []
    for id in refunds {
      guard var refund = try RefundRecords.load(id, in: connection) else {
        throw CorruptRow.column("payouts")
      }
      do {
        drafts += try RefundRecords.apply(fact, to: &refund, now: step.now, in: connection)
      } catch let error as RefundError {
        drafts.append(try mismatch("refund \(id) is \(refund.status.rawValue): \(error)"))
      }
    }
    return drafts
  }

  private func mismatch(_ reason: String) throws -> EventDraft {
    try draft("reconciliation.mismatch", MismatchEvent(chain: step.chain.text, reason: reason))
  }
}

/// The data of a `reconciliation.mismatch` event: the books and the chain, or we and another holder
/// of our keys, disagree.
struct MismatchEvent: Encodable {
  let chain: String
  let reason: String
}
