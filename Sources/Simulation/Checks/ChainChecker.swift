internal import Bytes
internal import ChainTypes

/// Holds what is stored of a chain against the chain: the cursor's branch, its headers, the
/// coverage ledger, and every transfer with its state, worked out from the blocks alone.
struct ChainChecker {
  let truth: ChainTruth
  let spec: ChainSpec
  /// How many nodes must have called a block final.
  let quorum: Int
  let stored: StoredState.Chain
  /// Of the chain's family.
  let addresses: [StoredState.Address]
  /// The height after which scanning began.
  let anchorHeight: Int64
  /// Heights at which it was told that nobody knew what calls had moved.
  let untraced: [ClosedRange<Int64>]
  /// The time of the latest block at which the watcher has stood; seconds.
  let latestTime: Int64
  /// Whether nodes have been such that what calls moved may stay unproven.
  let mayLackProofs: Bool

  func check(_ findings: inout Findings) {
    guard let cursor = stored.cursor else {
      findings.require(stored.transfers.isEmpty, promise: 2, "transfers without a chain")
      return
    }
    guard let hash = Hash32(cursor.hash), let branch = truth.branch(to: hash),
      Int64(branch.count) == cursor.height + 1
    else {
      findings.require(false, promise: 3, "the cursor stands on a block that never was")
      return
    }
    checkHeaders(branch, &findings)
    checkCoverage(branch, cursor, &findings)
    checkFinality(branch, cursor, &findings)
    TransferChecker(self, cursor).check(branch, &findings)
    if spec.family.chainID != nil, let looked = cursor.lookedThrough {
      findings.require(
        looked <= latestTime * 1_000_000, promise: 5,
        "it is known to \(looked) what came, with blocks to \(latestTime)")
    }
    for address in addresses where address.payment != nil {
      findings.require(
        address.ordinal <= cursor.addressesThrough, promise: 1,
        "address \(address.ordinal) was handed out, watched is \(cursor.addressesThrough)")
    }
  }

  private func checkHeaders(_ branch: [TrueBlock], _ findings: inout Findings) {
    var expected = stored.headers.first?.height ?? 0
    for header in stored.headers {
      let block = branch.indices.contains(Int(header.height)) ? branch[Int(header.height)] : nil
      findings.require(
        header.height == expected && header.hash == block?.ref.hash.bytes, promise: 1,
        "header \(header.height) isn't the chain's")
      expected += 1
    }
    findings.require(
      expected == Int64(branch.count), promise: 1, "headers end at \(expected - 1)")
  }

  private func checkCoverage(
    _ branch: [TrueBlock], _ cursor: StoredState.Cursor, _ findings: inout Findings
  ) {
    var next = anchorHeight + 1
    for range in stored.coverage {
      findings.require(
        range.from == next, promise: 1, "coverage has a hole from \(next) to \(range.from)")
      let isKnown =
        range.from > 0 && range.through >= range.from
        && branch.indices.contains(Int(range.through))
      findings.require(isKnown, promise: 1, "coverage of blocks \(range.from)–\(range.through)")
      guard isKnown else { return }
      findings.require(
        range.fromParent == branch[Int(range.from) - 1].ref.hash.bytes
          && range.throughHash == branch[Int(range.through)].ref.hash.bytes,
        promise: 1, "coverage \(range.from)–\(range.through) is of another chain")
      findings.require(
        range.addressesThrough <= cursor.addressesThrough, promise: 1,
        "coverage claims addresses that nobody watched")
      next = range.through + 1
    }
    findings.require(
      next == Int64(branch.count), promise: 1,
      "coverage ends at \(next - 1), the cursor at \(cursor.height)")
  }

  /// What is recorded as final by the chain's own word is a block of ours that enough nodes called
  /// so.
  private func checkFinality(
    _ branch: [TrueBlock], _ cursor: StoredState.Cursor, _ findings: inout Findings
  ) {
    guard let height = cursor.finalHeight, cursor.halt == nil else { return }
    let block = branch.indices.contains(Int(height)) ? branch[Int(height)].ref : nil
    findings.require(
      spec.finalityTag != nil && block?.hash.bytes == cursor.finalHash
        && block.map { truth.finalVotes(for: $0.hash) >= quorum } ?? false,
      promise: 3, "block \(height) is taken for final, and isn't")
  }
}
