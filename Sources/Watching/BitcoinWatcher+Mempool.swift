internal import Bitcoin
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import NodeRPC

/// What earlier looks at a mempool have found, so that each transaction is fetched once.
struct MempoolMemory {
  /// Of the last look; another one means that something changed.
  var sequence: UInt64?
  var node: Int?
  /// The tip at which that was.
  var tip: Hash32?
  /// Transactions that were looked into and are still there.
  var known: Set<Hash32> = []
  /// Those of them that concern us.
  var matches: [Hash32: MatchedTransaction] = [:]
}

/// A mempool and the node's tips before and after it was read.
private struct MempoolReading: Sendable {
  let before: Hash32
  let mempool: MempoolSnapshot
  let after: Hash32
}

// Looking through the mempool by polling. A look is complete, so that absence means something, only
// where the node's tip was ours before and after it.
extension BitcoinWatcher {
  /// How many transactions one batch asks for.
  private static let batchSize = 200

  func lookAtMempool(_ report: inout WatchReport) async throws {
    guard let before = position else { return }
    let startedAt = time.now
    let served: Served<MempoolReading>
    do {
      served = try await pool.serve { (node) async throws(NodeError) in
        MempoolReading(
          before: try await node.bestBlockHash(), mempool: try await node.mempool(),
          after: try await node.bestBlockHash())
      }
    } catch {
      // The next step asks again; expiry waits for a look.
      return
    }
    let reading = served.value
    let tip = before.cursor.tip.hash
    guard reading.before == tip, reading.after == tip else { return }
    if mempool.node != served.node || (mempool.sequence ?? .max) > reading.mempool.sequence {
      // Another node, or one that was restarted: its numbers don't continue ours.
      mempool = MempoolMemory()
    }
    let isUnchanged =
      mempool.sequence == reading.mempool.sequence && mempool.tip == tip
      && mempool.known.count == reading.mempool.txids.count
    var next = before
    position = nil
    var step = newStep(at: next)
    if !isUnchanged {
      guard let look = try await look(into: reading.mempool, at: served.node, &next.tracker) else {
        position = next
        mempool = MempoolMemory()
        return
      }
      step.changes = next.tracker.look(look, now: startedAt)
      mempool.sequence = reading.mempool.sequence
      mempool.node = served.node
      mempool.tip = tip
    }
    step.lookedThrough = startedAt
    let isDue =
      next.lookWrittenAt.map { $0.adding(seconds: settings.lookCommitSeconds) <= step.now } ?? true
    guard !step.changes.isEmpty || isDue || watchedThrough > next.cursor.addressesThrough else {
      position = next
      return
    }
    report.transferChanges += step.changes.count
    try await commit(step, standing: next)
  }

  /// Fetches what is new and gathers what concerns us; nil where the node failed meanwhile.
  private func look(
    into snapshot: MempoolSnapshot, at node: Int, _ tracker: inout TransferTracker
  ) async throws -> MempoolLook? {
    let present = Set(snapshot.txids)
    mempool.known.formIntersection(present)
    for txid in mempool.matches.keys where !present.contains(txid) {
      mempool.matches[txid] = nil
    }
    let new = snapshot.txids.filter { !mempool.known.contains($0) }
    var start = 0
    while start < new.count {
      let txids = Array(new[start..<min(start + Self.batchSize, new.count)])
      guard let transactions = try? await pool.nodes[node].transactions(txids) else { return nil }
      for (txid, bytes) in zip(txids, transactions) {
        // Nil: gone since; the next look misses it too.
        guard let bytes else { continue }
        remember(txid, bytes, tracker)
      }
      start += txids.count
    }
    // What is known to be seen needs no telling again.
    let pending = mempool.matches.values.filter { match in
      match.outputs.isEmpty
        || match.outputs.contains { output in
          let id = TransferID(chain: chain, txid: match.txid, position: .vout(output.vout))
          return tracker.transfer(id)?.state != .seen
        }
    }.sorted { $0.txid < $1.txid }
    let (found, spends) = try await transfers(in: pending, &tracker)
    return MempoolLook(found: found, present: present, spends: spends, isComplete: true)
  }

  private func remember(_ txid: Hash32, _ bytes: [UInt8], _ tracker: TransferTracker) {
    mempool.known.insert(txid)
    let outputs = WatchedOutputs(set: watched, tracker: tracker)
    guard
      let match = try? TransactionScanner.scan(bytes.span.bytes, watching: outputs),
      // A node that answers with another transaction than asked for is not believed.
      match.txid == txid
    else { return }
    mempool.matches[txid] = match
  }
}
