internal import Aggregates
internal import Bytes
package import ChainTypes
package import Database
internal import Digests
internal import EventLog
internal import Payments
internal import Watching

/// An operator's decision that a halted chain credits again.
package enum ChainResumption {
  private struct Event: Encodable {
    let chain: String
    let by: String
    let reason: String
    let to: String
  }

  /// Clears the halt, tells `chain.resumed`, and credits what needs no confirmation and came
  /// meanwhile; what needs some is the watcher's to credit. The cursor's version goes up, so that a
  /// running watcher finds its own stale and reads it again.
  ///
  /// - Parameter name: who decides
  /// - Returns: why the chain was halted; nil where it wasn't, or where there is no such chain
  package static func resume(
    _ chain: ChainName, by name: String, now: Timestamp, in connection: any SQLConnection
  ) throws -> String? {
    guard let cursor = try ChainRecords.cursor(of: chain, locking: true, in: connection),
      let halt = cursor.halt
    else { return nil }
    try connection.execute(
      "UPDATE chains SET halt = NULL, version = $1 WHERE chain = $2",
      [.integer(cursor.version + 1), .text(chain.text)])
    let form = try ChainRecords.hashForm(of: chain, in: connection)
    let data = try CanonicalJSON.document(
      Event(chain: chain.text, by: name, reason: halt, to: cursor.tip.text(form)))
    let cause = SHA256.hash(Array("\(chain)\n\(cursor.version)\n\(data)".utf8))
    let event = EventDraft(
      type: "chain.resumed", subject: chain.text, cause: cause, time: now, data: data)
    try EventLog.append(
      [event] + creditUnconfirmed(on: chain, now: now, in: connection), in: connection)
    return halt
  }

  /// Observes what the halt held back once more. While it lasted nothing became confirmed, so all
  /// of that is still unfinished.
  private static func creditUnconfirmed(
    on chain: ChainName, now: Timestamp, in connection: any SQLConnection
  ) throws -> [EventDraft] {
    let rows = try connection.query(
      """
      SELECT DISTINCT payments.payment_id FROM transfers
      JOIN addresses ON addresses.family = transfers.family
        AND addresses.ordinal = transfers.ordinal
      JOIN payments ON payments.payment_id = addresses.payment_id
      WHERE transfers.chain = $1 AND transfers.state IN ('seen', 'included')
        AND payments.chain = $1 AND payments.confirmations = 0
      ORDER BY payments.payment_id
      """, [.text(chain.text)])
    var drafts: [EventDraft] = []
    for row in rows {
      guard var payment = try PaymentRecords.load(row.text("payment_id"), in: connection) else {
        continue
      }
      let held = payment.transfers.filter { $0.isHeldBack == true }
      guard !held.isEmpty else { continue }
      drafts += try PaymentRecords.apply(
        .observed(held.map { $0.heldBack(false) }), to: &payment, now: now, in: connection)
    }
    return drafts
  }
}
