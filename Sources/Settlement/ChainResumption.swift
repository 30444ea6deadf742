internal import Bytes
package import ChainTypes
package import Database
internal import Digests
internal import EventLog
internal import Watching

/// An operator's decision that a halted chain credits again.
package enum ChainResumption {
  private struct Event: Encodable {
    let chain: String
    let by: String
    let reason: String
    let to: String
  }

  /// Clears the halt and tells `chain.resumed`. The cursor's version goes up, so that a running
  /// watcher finds its own stale and reads it again.
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
    let data = try CanonicalJSON.document(
      Event(chain: chain.text, by: name, reason: halt, to: cursor.tip.description))
    let cause = SHA256.hash(Array("\(chain)\n\(cursor.version)\n\(data)".utf8))
    try EventLog.append(
      [
        EventDraft(
          type: "chain.resumed", subject: chain.text, cause: cause, time: now, data: data)
      ], in: connection)
    return halt
  }
}
