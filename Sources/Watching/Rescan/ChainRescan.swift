internal import Bytes
package import ChainTracking
internal import ChainTypes
internal import NodeRPC

/// Reads blocks that were scanned before once more and compares them with what is recorded: for
/// addresses that were imported after their money came, and after a restore.
///
/// Each block is the one that the store's own headers lead to, and is verified as a watcher
/// verifies it. Comparing only reads. Memory holds the watched scripts, 72 bytes for each block of
/// the range, the differences, and proofs up to a limit.
package struct ChainRescan<Reader: RescanReader>: Sendable {
  let reader: Reader
  let store: any RescanStore
  private let time: any TimeSource
  private let watchKey: (UInt64, UInt64)
  /// How often a write is tried on a cursor that a watcher keeps moving.
  private static var writeAttempts: Int { 10 }

  /// `watchKey` is random and secret, as a watcher's.
  package init(
    _ reader: Reader, store: any RescanStore, time: any TimeSource, watchKey: (UInt64, UInt64)
  ) {
    self.reader = reader
    self.store = store
    self.time = time
    self.watchKey = watchKey
  }

  private var spec: ChainSpec { reader.spec }
  var chain: ChainName { spec.name }

  /// Compares the blocks from `from` through `through`, by default the cursor's tip, with what is
  /// recorded. `progress` is called with the findings so far, every few blocks.
  ///
  /// Throws `RescanError`, besides what the store throws.
  package func compare(
    from: UInt32, through: UInt32?, progress: (RescanFindings) -> Void = { _ in }
  ) async throws -> RescanFindings {
    let record = try await record()
    let heights = try await heights(from: from, through: through, of: record)
    let steps = try await steps(in: heights, of: record)
    guard let last = steps.last else {
      throw RescanError.emptyRange(from: from, through: heights.upperBound)
    }
    return try await compare(
      steps, watching: watchedScripts(), in: heights, through: last.ref, progress: progress)
  }

  /// The blocks to compare, of a chain that a quorum of nodes has.
  func heights(
    from: UInt32, through: UInt32?, of record: ChainRecord
  ) async throws -> ClosedRange<UInt32> {
    let through = through ?? record.cursor.tip.height
    guard through <= record.cursor.tip.height else {
      throw RescanError.aboveTip(through, tip: record.cursor.tip)
    }
    guard from <= through else { throw RescanError.emptyRange(from: from, through: through) }
    try await checkAgreement(on: record.cursor.tip)
    return from...through
  }

  /// Compares these blocks, lowest first: all of `heights`, or those of them that matter.
  ///
  /// - Parameter judge: called with each block that was read
  func compare(
    _ steps: [RescanStep], watching watched: WatchSet, in heights: ClosedRange<UInt32>,
    through end: BlockRef, progress: (RescanFindings) -> Void,
    judge: (RescanBlock) -> Void = { _ in }
  ) async throws -> RescanFindings {
    var findings = RescanFindings(
      chain: chain, fromHeight: heights.lowerBound, through: end, stepCount: steps.count,
      proofByteLimit: reader.proofByteLimit)
    var start = 0
    while start < steps.count {
      let run = Array(steps[start..<min(start + reader.width, steps.count)])
      let blocks = try await reader.read(run, watching: watched)
      blocks.forEach(judge)
      try await compare(blocks, &findings)
      progress(findings)
      start += run.count
    }
    // What left the active chain meanwhile makes differences that are none.
    let record = try await record()
    guard record.holds(end), steps.last.map({ record.holds($0.ref) }) ?? true else {
      throw RescanError.reorganised(end)
    }
    return findings
  }

  /// Records the missing transfers that can be and the proofs that lack, in one commit, and gives
  /// what that changes. Each transfer takes all the steps that its depth below the cursor's tip
  /// allows, the last ones not while the chain is halted.
  ///
  /// Throws `RescanError`, besides what the store throws; nothing is written then.
  package func write(_ findings: RescanFindings) async throws -> [TransferChange] {
    for _ in 0..<Self.writeAttempts {
      let record = try await record()
      for block in findings.missing.map(\.block) + findings.unproved.map(\.block)
      where !record.holds(block) {
        throw RescanError.reorganised(block)
      }
      let stored = try await store.stored(findings.missing.map(\.transfer.id))
      var step = ChainStep(
        chain: chain, expectedVersion: record.cursor.version,
        addressesThrough: record.cursor.addressesThrough, now: time.now)
      var changes = RescanChanges(
        record: record, stored: stored, spec: spec, now: step.now)
      do throws(TrackingError) {
        step.changes = try changes.recording(findings.missing)
      } catch {
        throw RescanError.contradiction(error)
      }
      step.proofs =
        findings.unproved
        + TransferProof.needed(
          by: step.changes, among: findings.missing.lazy.compactMap(\.proof))
      guard !step.changes.isEmpty || !step.proofs.isEmpty else { return [] }
      do {
        _ = try await store.commit(step)
        return step.changes
      } catch is StaleCursor {
        // A watcher has moved on: depths, and perhaps the transfers, are others now.
        continue
      }
    }
    throw RescanError.keptStale(attempts: Self.writeAttempts)
  }

  // MARK: Parts

  func record() async throws -> ChainRecord {
    guard let record = try await store.record(of: chain, window: .max) else {
      throw RescanError.unknownChain(chain)
    }
    return record
  }

  func watchedScripts() async throws -> WatchSet {
    var watched = WatchSet(key: watchKey)
    var last: UInt64 = 0
    let limit = 10_000
    while true {
      let scripts = try await store.scripts(for: chain, after: last, limit: limit)
      for script in scripts {
        watched.insert(script: script.scriptPubKey.span.bytes, ordinal: script.ordinal)
        last = script.ordinal
      }
      if scripts.count < limit { return watched }
    }
  }

  /// Compares consecutive blocks with what is recorded in them.
  private func compare(
    _ blocks: [RescanBlock], _ findings: inout RescanFindings
  ) async throws {
    guard let first = blocks.first, let last = blocks.last else { return }
    let heights = first.step.ref.height...last.step.ref.height
    let recorded = try await store.transfers(on: chain, in: heights)
    var unproved = try await store.unproved(on: chain, in: heights)
    var standing = Dictionary(recorded.map { ($0.id, $0) }) { first, _ in first }
    for block in blocks {
      findings.count(block)
      let absent = block.transfers.filter { transfer in
        guard standing[transfer.id]?.state.block == block.step.ref, transfer.effect != .failed
        else { return true }
        standing[transfer.id] = nil
        if unproved.remove(transfer.id.txid) != nil,
          let proof = findings.kept(block.proofs[transfer.id.txid])
        {
          findings.unproved.append(proof)
        }
        return false
      }
      let elsewhere = try await store.stored(absent.map(\.id))
      let known = Dictionary(elsewhere.map { ($0.id, $0) }) { first, _ in first }
      let unrecorded = absent.filter { transfer in
        known[transfer.id].map { !$0.state.accounts(for: transfer.effect) } ?? true
      }
      // Recorded there, and not found: the reading tells another story of the same ether.
      let contradicted = Set(
        standing.values.lazy.filter { $0.state.block == block.step.ref && $0.id.position.isInner }
          .map(\.ordinal))
      for transfer in try await store.found(unrecorded, on: spec) {
        findings.missing.append(
          MissingTransfer(
            transfer: transfer, block: block.step.ref, parent: block.step.parent,
            time: block.time, proof: findings.kept(block.proofs[transfer.id.txid]),
            recorded: known[transfer.id],
            isContradicted: transfer.id.position.isInner
              && contradicted.contains(transfer.ordinal)))
      }
      if !block.isWhole {
        // What calls moved may stand there all the same.
        for (id, transfer) in standing
        where transfer.state.block == block.step.ref && id.position.isInner {
          standing[id] = nil
        }
      }
    }
    findings.surplus += recorded.filter { standing[$0.id] != nil }
  }
}

extension TransferState {
  /// Whether it is recorded as something that doesn't count, wherever it stands, and the block
  /// doesn't show more than that.
  fileprivate func accounts(for effect: FoundTransfer.Effect) -> Bool {
    switch self {
    case .quarantined(.dust), .released, .refunded: true
    case .quarantined(.unproven), .failed: effect != .moved
    case .seen, .included, .confirmed, .final, .replaced, .dropped, .orphaned: false
    }
  }
}

extension TransferPosition {
  fileprivate var isInner: Bool { if case .trace = self { true } else { false } }
}
