internal import ChainTypes
internal import Database
internal import Digests
internal import EventLog
internal import Payments
internal import Watching

// Signed transactions that no block takes: told once, so that nobody has to look for them.
extension StepWriter {
  /// Begins to wait for those that were signed since, tells those for which it has become long, and
  /// forgets those that need no block any more.
  func tellStuck(at tip: BlockRef) throws -> [EventDraft] {
    let chain = SQLValue.text(step.chain.text)
    let waiting = try connection.query(
      """
      SELECT outgoing.outgoing_id, note, since_height, stuck FROM outgoing
      LEFT JOIN outgoing_waits ON outgoing_waits.outgoing_id = outgoing.outgoing_id
      WHERE outgoing.chain = $1 AND \(OutgoingService.isUnmined)
      ORDER BY outgoing.outgoing_id
      """, [chain])
    try connection.execute(
      """
      DELETE FROM outgoing_waits WHERE chain = $1 AND outgoing_id NOT IN (
        SELECT outgoing_id FROM outgoing WHERE chain = $1 AND \(OutgoingService.isUnmined))
      """, [chain])
    var drafts: [EventDraft] = []
    for row in waiting {
      let id = try row.text("outgoing_id")
      guard try row.optionalInteger("since_height") != nil else {
        try OutgoingWaits.write(
          OutgoingWait(since: tip.height), of: id, on: step.chain, in: connection)
        continue
      }
      var wait = try OutgoingWaits.wait(row)
      let note = try row.optionalText("note")
      guard
        wait.look(
          at: tip.height, isRefused: note != nil, blockMilliseconds: spec.blockMilliseconds)
      else { continue }
      try OutgoingWaits.write(wait, of: id, on: step.chain, in: connection)
      guard let transaction = try OutgoingRecords.load(id, locking: false, in: connection) else {
        throw CorruptRow.column("outgoing_id")
      }
      let remarks = OutgoingRemarks(note: note, wait: wait)
      drafts.append(
        EventDraft(
          type: "outgoing.stuck", subject: id, tenant: transaction.tenant,
          cause: SHA256.hash(Array("outgoing.stuck\n\(id)\n\(tip.text(form))".utf8)),
          time: step.now,
          data: OutgoingDocument.json(of: transaction, remarks)))
    }
    return drafts
  }
}
