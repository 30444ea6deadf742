internal import Bitcoin
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import NodeRPC

// Looking through mempools by polling, a part at a time where they are large.
//
// What is in the mempool of the node that serves us counts as seen. What isn't there any more is
// believed only where more than that one answer says so, for a node may have lost its mempool, or
// never had what another had:
//
// - with a quorum above one, a second node must lack it too, and no deadline passes before the
//   second node's mempool was looked through as well;
// - with a quorum of one, looks must have lacked it for `absenceSeconds`. That node is trusted
//   with deadlines as it is with blocks: they wait for one complete look.
extension BitcoinWatcher {
  func lookAtMempool(_ report: inout WatchReport) async throws {
    guard let before = position else { return }
    let startedAt = time.now
    let isTimely = clockCheck.isSteady(startedAt, monotonicMilliseconds: pool.nowMilliseconds)
    if !isTimely { report.hold = .clockJumped }
    guard let first = await read(at: before, since: startedAt, besides: nil) else {
      report.hold = .noMempool(before.cursor.tip)
      return
    }
    let isDue = isLookDue(at: before)
    let absent = before.tracker.txidsOutsideBlocks.subtracting(first.value.present)
    var second: Served<MempoolReading>?
    if pool.quorum > 1, first.value.isAtTip, first.value.isWhole, isDue || !absent.isEmpty {
      second = await read(at: before, since: startedAt, besides: first.node)
      if second == nil { report.hold = .noMempool(before.cursor.tip) }
      mempool.forget(allBut: first.value.present.union(second?.value.present ?? []))
    } else if pool.quorum == 1 || !first.value.isWhole {
      mempool.forget(allBut: first.value.present)
    }
    report.isLooking = !(first.value.isWhole && second?.value.isWhole ?? true)
    guard first.value.isAtTip, second?.value.isAtTip ?? true else { return }

    var next = before
    position = nil
    var step = standing.newStep(at: next)
    var matches = news(in: first.value.present, next.tracker)
    var isUnanimous = pool.quorum == 1 || second?.value.isWhole == true
    let elsewhere = second?.value.present.subtracting(first.value.present) ?? []
    let others = news(in: elsewhere, next.tracker)
    let unrivaled = await unrivaled(others, at: pool.nodes[first.node])
    matches += unrivaled.matches
    isUnanimous = isUnanimous && unrivaled.isAll
    let kept =
      pool.quorum == 1
      ? mempool.recentlyLost(
        of: absent, nowMilliseconds: pool.nowMilliseconds, for: settings.absenceSeconds)
      : second == nil ? absent : absent.intersection(elsewhere)
    let (found, spends) = try await transfers(in: matches, &next.tracker)
    step.changes = next.tracker.look(
      MempoolLook(
        found: found, present: first.value.present, spends: spends,
        isComplete: first.value.isWhole, kept: kept), now: startedAt)
    if first.value.isWhole, isUnanimous, isTimely { step.lookedThrough = startedAt }
    guard
      !step.changes.isEmpty || (isDue && step.lookedThrough != nil)
        || standing.watchedThrough > next.cursor.addressesThrough
    else {
      position = next
      return
    }
    report.transferChanges += step.changes.count
    try await standing.commit(step, standing: next)
  }

  /// Whether a look that changes nothing is to be written. A clock that went back delays none.
  private func isLookDue(at position: Position) -> Bool {
    guard let written = position.lookWrittenAt else { return true }
    let now = time.now
    return written > now || written.adding(seconds: settings.lookCommitSeconds) <= now
  }

  /// The mempool of the best node, or of the best but one, that stands at our tip; nil where there
  /// is none. What it brought is remembered.
  private func read(
    at position: Position, since startedAt: Timestamp, besides other: Int?
  ) async -> Served<MempoolReading>? {
    let question = MempoolQuestion(
      tip: position.cursor.tip.hash, known: mempool.known,
      watched: WatchedOutputs(scripts: watched, tracker: position.tracker),
      limit: settings.lookTransactions,
      end: startedAt.adding(seconds: settings.lookSeconds), time: time)
    let served = try? await pool.serve(besides: other) { (node) async throws(NodeError) in
      try await question.ask(node)
    }
    if let served { mempool.remember(served.value) }
    return served
  }

  /// Remembered transactions among `present` that concern us, but for those that a look changes
  /// nothing of.
  private func news(
    in present: Set<Hash32>, _ tracker: TransferTracker
  ) -> [MatchedTransaction] {
    mempool.matches.values.filter { match in
      present.contains(match.txid)
        && (match.outputs.isEmpty
          || match.outputs.contains { output in
            let id = TransferID(chain: chain, txid: match.txid, position: .vout(output.vout))
            return tracker.transfer(id)?.state.canBecome(.seen) ?? true
          })
    }.sorted { $0.txid < $1.txid }
  }

  /// Those of `matches`, from another node's mempool, whose coins this node's mempool doesn't
  /// spend otherwise: never do both of two rivals count. Not all where the node doesn't say, where
  /// it has a rival of one that pays us, or where there are more than fit into a question; the next
  /// look asks about the others.
  private func unrivaled(
    _ matches: [MatchedTransaction], at node: BitcoinNode
  ) async -> (matches: [MatchedTransaction], isAll: Bool) {
    var count = 0
    let asked = matches.prefix { match in
      defer { count += match.inputs.count }
      return count < settings.lookTransactions
    }
    let coins = asked.flatMap(\.inputs)
    guard let spenders = try? await node.spendingTransaction(of: coins) else { return ([], false) }
    let spender = Dictionary(zip(coins, spenders)) { first, _ in first }
    // It may have got the transaction itself since it was asked for its mempool.
    let hasRival = { (match: MatchedTransaction) in
      match.inputs.contains { coin in (spender[coin] ?? nil).map { $0 != match.txid } ?? false }
    }
    let rivaled = asked.filter(hasRival)
    return (
      asked.filter { !hasRival($0) },
      asked.count == matches.count && rivaled.allSatisfy(\.outputs.isEmpty)
    )
  }
}
