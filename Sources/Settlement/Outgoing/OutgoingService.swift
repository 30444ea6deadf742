internal import Addresses
internal import Bitcoin
internal import Bytes
package import ChainTypes
package import Database
internal import Ethereum
internal import EventLog
package import Payments

/// Outgoing transactions as decisions: recorded when they are made, taken in when they are signed,
/// given up where nobody has signed. Everything runs inside the caller's transaction.
package enum OutgoingService {
  /// Writes a transaction that was made, with what it uses up, and tells the refunds that it pays.
  package static func record(
    _ transaction: OutgoingTransaction, now: Timestamp, in connection: any SQLConnection
  ) throws {
    var drafts = try OutgoingRecords.insert(transaction, now: now, in: connection)
    for id in transaction.refunds {
      guard var refund = try RefundRecords.load(id, in: connection) else {
        throw RefundRefusal.notFound(id)
      }
      // A replacement is made when it is needed; the first waits for its time.
      guard transaction.replaces != nil || refund.isBuildable(at: now) else {
        throw RefundRefusal.notPossible(refund.status)
      }
      if transaction.replaces == nil,
        let payment = try PaymentRecords.load(refund.terms.payment, in: connection),
        payment.refundsTaken > payment.finalReceipts
      {
        // A reorg has taken back what was to be refunded.
        throw RefundRefusal.exceedsReceipts(
          payment.refundsTaken, left: payment.finalReceipts)
      }
      drafts += try RefundRecords.apply(
        .built(outgoing: transaction.id), to: &refund, now: now, in: connection)
    }
    try EventLog.append(drafts, in: connection)
  }
}

// MARK: Signed bytes

extension OutgoingService {
  /// Why signed bytes aren't taken in. Nothing was written.
  package enum Refusal: Error, Equatable {
    case notFound(String)
    case wrongChain(String, expected: String)
    /// They aren't a transaction.
    case undecodable(String)
    /// They do something else than what was made to be signed.
    case different(String)
    /// Signatures are missing or wrong.
    case unsigned(String)
    case notPossible(OutgoingStatus)
    /// A block has used up what it needs.
    case slotUsed
    /// A transaction with a later nonce of the account was made: that one must be given up first.
    case nonceBehind(String)
  }

  /// Takes in a signed transaction, and holds it against what was made: whatever a file says of it,
  /// only its bytes count. From then on it is sent, and sent again, until a block holds it.
  @discardableResult
  package static func takeIn(
    _ raw: [UInt8], for id: String, spec: ChainSpec, now: Timestamp,
    in connection: any SQLConnection
  ) throws -> OutgoingTransaction {
    // Watchers look for its txid from here on. The row is held against their commits, so that none
    // of them comes between the look at the slots and the txid.
    try connection.execute(
      "UPDATE chains SET slots_version = slots_version + 1 WHERE chain = $1",
      [.text(spec.name.text)])
    guard var transaction = try OutgoingRecords.load(id, in: connection) else {
      throw Refusal.notFound(id)
    }
    guard transaction.chain == spec.name else {
      throw Refusal.wrongChain(spec.name.text, expected: transaction.chain.text)
    }
    if transaction.raw == raw { return transaction }
    // A block may have shown it before its bytes came.
    guard transaction.raw == nil,
      [.built, .broadcast, .confirmed, .final, .replaced, .failed].contains(transaction.status)
    else { throw Refusal.notPossible(transaction.status) }
    let txid =
      switch spec.family {
      case .bitcoin: try bitcoinTxid(of: raw, unsigned: transaction.unsigned)
      case .ethereum: try ethereumTxid(of: raw, unsigned: transaction.unsigned, transaction.slots)
      }
    transaction.raw = raw
    transaction.txid = txid
    let status = try statusOnceSigned(&transaction, in: connection)
    var drafts = try OutgoingRecords.move(&transaction, to: status, now: now, in: connection)
    for entry in transaction.ledgerEntries {
      try LedgerRecords.book(
        entry, of: transaction.id, tenant: transaction.tenant, now: now, in: connection)
    }
    for refund in transaction.refunds {
      guard var refund = try RefundRecords.load(refund, in: connection) else {
        throw CorruptRow.column("payouts")
      }
      do {
        drafts += try RefundRecords.apply(
          .signed(outgoing: id, txid: txid.text(spec.family.hashForm)), to: &refund, now: now,
          in: connection)
        // A block shows that nodes have it.
        if transaction.sighting != nil, refund.status == .signed {
          drafts += try RefundRecords.apply(
            .broadcast(outgoing: id), to: &refund, now: now, in: connection)
        }
      } catch is RefundError {
        // An operator has ended it meanwhile; what was signed may be mined all the same.
        continue
      }
    }
    try EventLog.append(drafts, in: connection)
    return transaction
  }

  /// Where a transaction stands whose bytes are known by now. Where a block used up its slots by
  /// this very one while nobody knew its txid, it stands there: watchers take it on to its
  /// finality.
  private static func statusOnceSigned(
    _ transaction: inout OutgoingTransaction, in connection: any SQLConnection
  ) throws -> OutgoingStatus {
    guard transaction.sighting == nil else { return transaction.status }
    let unseen: OutgoingStatus = transaction.status == .built ? .signed : transaction.status
    guard let slot = transaction.slots.first, let txid = transaction.txid else { return unseen }
    let row = try connection.queryFirst(
      """
      SELECT used_height, used_hash, used_succeeded, used_fee FROM outgoing_slots
      WHERE chain = $1 AND slot = $2 AND used_by = $3
      """,
      [.text(transaction.chain.text), .text(slot.description), .hash(txid)])
    guard let row else { return unseen }
    transaction.sighting = .init(
      block: BlockRef(
        height: try row.uint32("used_height"), hash: try row.hash("used_hash")),
      succeeded: try row.flag("used_succeeded"),
      fee: try row.optionalText("used_fee") == nil ? nil : row.amount("used_fee"))
    try connection.execute(
      "UPDATE outgoing_slots SET is_open = 1 WHERE chain = $1 AND used_by = $2",
      [.text(transaction.chain.text), .hash(txid)])
    return .broadcast
  }

  private static func bitcoinTxid(of raw: [UInt8], unsigned: String) throws -> Hash32 {
    let (signed, psbt): (Transaction, PSBT)
    do {
      (signed, psbt) = (try Transaction(bytes: raw), try PSBT(base64: unsigned))
    } catch {
      throw Refusal.undecodable("\(error)")
    }
    var stripped = signed
    for index in stripped.inputs.indices {
      stripped.inputs[index].scriptSig = []
      stripped.inputs[index].witness = []
    }
    guard stripped == psbt.transaction else {
      throw Refusal.different("its inputs, outputs, version or lock time aren't those of the PSBT")
    }
    let hashes = SignatureHashes(signed, spending: psbt.spentOutputs)
    for input in signed.inputs.indices where hashes.verification(ofInput: input) != .valid {
      throw Refusal.unsigned("input \(input)")
    }
    return signed.txid
  }

  private static func ethereumTxid(
    of raw: [UInt8], unsigned: String, _ slots: [OutgoingSlot]
  ) throws -> Hash32 {
    let signed: EthereumTransaction
    do {
      signed = try EthereumTransaction(encoded: raw)
    } catch {
      throw Refusal.undecodable("\(error)")
    }
    guard "0x" + Hex.encode(signed.encodedForSigning) == unsigned else {
      throw Refusal.different("it isn't the transaction that was made")
    }
    guard let sender = signed.sender,
      slots == [.nonce(account: sender.hash, signed.nonce)]
    else { throw Refusal.unsigned("the signature isn't the sender's") }
    return signed.hash
  }

  /// Gives up a transaction that nobody has signed: its coins or nonce are free, its refunds wait
  /// for another. A nonce is given up only where none was made behind it.
  package static func cancel(
    _ id: String, now: Timestamp, in connection: any SQLConnection
  ) throws {
    // A watcher's commit that uses up what it needs comes before, or finds it given up.
    try connection.execute(
      """
      UPDATE chains SET slots_version = slots_version + 1
      WHERE chain = (SELECT chain FROM outgoing WHERE outgoing_id = $1)
      """, [.text(id)])
    guard var transaction = try OutgoingRecords.load(id, in: connection) else {
      throw Refusal.notFound(id)
    }
    guard transaction.status == .built, transaction.sighting == nil else {
      throw Refusal.notPossible(transaction.status)
    }
    // A block may hold this very one: nobody knows while its bytes aren't taken in.
    guard try !OutgoingRecords.isUsed(anyOf: transaction, in: connection) else {
      throw Refusal.slotUsed
    }
    for case .nonce(let account, let nonce) in transaction.slots where transaction.replaces == nil {
      let freed = try connection.execute(
        """
        UPDATE outgoing_nonces SET next_nonce = $3
        WHERE chain = $1 AND account = $2 AND next_nonce = $3 + 1
        """,
        [
          .text(transaction.chain.text), .text(account.hex), .integer(Int64(clamping: nonce)),
        ])
      guard freed == 1 else {
        throw Refusal.nonceBehind(
          try latest(of: account, on: transaction.chain, in: connection) ?? transaction.id)
      }
      // Of an account's first transaction the nonce was a node's word: another is asked next time.
      try connection.execute(
        """
        DELETE FROM outgoing_nonces WHERE chain = $1 AND account = $2 AND NOT EXISTS (
          SELECT 1 FROM outgoing_slots WHERE chain = $1 AND slot <> $3 AND slot LIKE $4)
        """,
        [
          .text(transaction.chain.text), .text(account.hex),
          .text(OutgoingSlot.nonce(account: account, nonce).description),
          .text("0x\(account.hex)/%"),
        ])
    }
    var drafts = try OutgoingRecords.move(
      &transaction, to: .canceled, now: now, in: connection)
    try GivenUpTransactions.remember(transaction, in: connection)
    try OutgoingRecords.release(transaction, in: connection)
    for refund in transaction.refunds {
      guard var refund = try RefundRecords.load(refund, in: connection) else {
        throw CorruptRow.column("payouts")
      }
      drafts += try RefundRecords.apply(
        .unbuilt(outgoing: id), to: &refund, now: now, in: connection)
    }
    try EventLog.append(drafts, in: connection)
  }

  /// Which transaction has the latest nonce of an account that was given out.
  private static func latest(
    of account: Hash20, on chain: ChainName, in connection: any SQLConnection
  ) throws -> String? {
    let next = try connection.queryFirst(
      "SELECT next_nonce FROM outgoing_nonces WHERE chain = $1 AND account = $2",
      [.text(chain.text), .text(account.hex)]
    )?.integer("next_nonce")
    guard let next, next > 0 else { return nil }
    let slot = OutgoingSlot.nonce(account: account, UInt64(next - 1))
    return try connection.queryFirst(
      "SELECT root FROM outgoing_slots WHERE chain = $1 AND slot = $2",
      [.text(chain.text), .text(slot.description)]
    )?.text("root")
  }

  // MARK: Sent

  /// Records that a node has taken it. What was sent is sent again now and then all the same.
  package static func sent(
    _ id: String, now: Timestamp, in connection: any SQLConnection
  ) throws {
    guard var transaction = try OutgoingRecords.load(id, in: connection) else { return }
    try connection.execute(
      "UPDATE outgoing SET sent_at = $2, note = NULL WHERE outgoing_id = $1",
      [.text(id), .time(now)])
    guard transaction.status == .signed else { return }
    var drafts = try OutgoingRecords.move(
      &transaction, to: .broadcast, now: now, in: connection)
    for refund in transaction.refunds {
      guard var refund = try RefundRecords.load(refund, in: connection) else {
        throw CorruptRow.column("payouts")
      }
      do {
        drafts += try RefundRecords.apply(
          .broadcast(outgoing: id), to: &refund, now: now, in: connection)
      } catch is RefundError {
        // It has ended meanwhile; that the transaction was sent stands all the same.
        continue
      }
    }
    try EventLog.append(drafts, in: connection)
  }

  /// Why a signed transaction isn't to be given to nodes any more; nil where nothing speaks against
  /// it. What blocks hold counts all the same.
  package static func obstacle(
    to transaction: OutgoingTransaction, in connection: any SQLConnection
  ) throws -> String? {
    if try OutgoingRecords.isUsed(anyOf: transaction, in: connection) {
      return "a block has used up what it needs"
    }
    for id in transaction.refunds {
      guard let refund = try RefundRecords.load(id, locking: false, in: connection) else {
        throw CorruptRow.column("payouts")
      }
      for other in refund.outgoing where other != transaction.id {
        let payer = try OutgoingRecords.load(other, locking: false, in: connection)
        guard payer?.sighting?.succeeded != true else {
          return "\(other), which stands in a block, pays refund \(id)"
        }
      }
      guard refund.status.isLive else { return "refund \(id) is \(refund.status.rawValue)" }
      guard
        let payment = try PaymentRecords.load(
          refund.terms.payment, locking: false, in: connection)
      else { throw CorruptRow.column("payment_id") }
      guard payment.refundsTaken <= payment.finalReceipts else {
        return "the chain took back what refund \(id) was to return"
      }
    }
    return nil
  }

  /// Whether nodes won't be given it again for good: a refund of it has ended or is finally paid by
  /// another, or returns what stands in no block any more. What may become final again waits.
  static func isUseless(
    _ transaction: OutgoingTransaction, in connection: any SQLConnection
  ) throws -> Bool {
    for id in transaction.refunds {
      guard let refund = try RefundRecords.load(id, locking: false, in: connection),
        let payment = try PaymentRecords.load(
          refund.terms.payment, locking: false, in: connection)
      else { throw CorruptRow.column("payouts") }
      let isPaidElsewhere = refund.status == .final && refund.payer != transaction.id
      if !refund.status.isLive || isPaidElsewhere || payment.refundsTaken > payment.received {
        return true
      }
    }
    return false
  }

  /// Records why nodes didn't take it, for people.
  package static func refused(
    _ id: String, note: String, now: Timestamp, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      "UPDATE outgoing SET sent_at = $2, note = $3 WHERE outgoing_id = $1",
      [.text(id), .time(now), .text(String(note.prefix(500)))])
  }

  /// Of rows of `outgoing`: signed, in no block, and the latest of those that replace each other.
  static let isUnmined = """
    outgoing.status IN ('signed', 'broadcast') AND outgoing.block_hash IS NULL
      AND outgoing.raw IS NOT NULL AND NOT EXISTS (SELECT 1 FROM outgoing AS newer
        WHERE newer.replaces = outgoing.outgoing_id AND newer.status IN ('signed', 'broadcast'))
    """

  /// Those that a node is to be given: signed ones, and those that were sent before `before` and
  /// stand in no block; of those that replace each other the latest. None while the chain is
  /// halted: what they were to give back may not be there any more.
  package static func unsent(
    on chain: ChainName, before: Timestamp, limit: Int, in connection: any SQLConnection
  ) throws -> [OutgoingTransaction] {
    try connection.query(
      """
      SELECT * FROM outgoing
      WHERE chain = $1 AND \(isUnmined) AND (sent_at IS NULL OR sent_at < $2)
        AND NOT EXISTS (SELECT 1 FROM chains WHERE chain = $1 AND halt IS NOT NULL)
      ORDER BY outgoing_id LIMIT $3
      """, [.text(chain.text), .time(before), .integer(Int64(limit))]
    ).map { try OutgoingRecords.transaction($0, in: connection) }
  }
}

extension OutgoingService.Refusal: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notFound(let id): "there is no transaction \(id)"
    case .wrongChain(let chain, let expected): "it is of \(expected), not of \(chain)"
    case .undecodable(let reason): "it is no transaction: \(reason)"
    case .different(let reason): "it does something else than what was made: \(reason)"
    case .unsigned(let reason): "its signatures are missing or wrong: \(reason)"
    case .notPossible(let status): "it is \(status.rawValue)"
    case .nonceBehind(let id):
      "a later nonce of its account is \(id)'s: the newest is given up first, and only unsigned ones"
    case .slotUsed: "a block has used up what it needs: take in its signed bytes, if it is that one"
    }
  }
}
