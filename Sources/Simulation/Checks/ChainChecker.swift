internal import Bitcoin
internal import Bytes
internal import ChainSim
internal import ChainTypes

/// Holds what is stored of the chain against the chain: the cursor's chain, its headers, the
/// coverage ledger, and every transfer with its state, worked out from the blocks alone.
struct ChainChecker {
  let truth: ChainTruth
  let stored: StoredState
  let finalityDepth: Int64
  let coinbaseMaturity: Int64
  let dustLimit: UInt64
  /// The height after which scanning began.
  let anchorHeight: Int64

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
    checkTransfers(branch, cursor, &findings)
    for address in stored.addresses where address.payment != nil {
      findings.require(
        address.ordinal <= cursor.addressesThrough, promise: 1,
        "address \(address.ordinal) was handed out, watched is \(cursor.addressesThrough)")
    }
  }

  private func checkHeaders(_ branch: [StoredBlock], _ findings: inout Findings) {
    var expected = stored.headers.first?.height ?? 0
    for header in stored.headers {
      let block = branch.indices.contains(Int(header.height)) ? branch[Int(header.height)] : nil
      findings.require(
        header.height == expected && header.hash == block?.hash.bytes, promise: 1,
        "header \(header.height) isn't the chain's")
      expected += 1
    }
    findings.require(
      expected == Int64(branch.count), promise: 1, "headers end at \(expected - 1)")
  }

  private func checkCoverage(
    _ branch: [StoredBlock], _ cursor: StoredState.Cursor, _ findings: inout Findings
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
        range.fromParent == branch[Int(range.from) - 1].hash.bytes
          && range.throughHash == branch[Int(range.through)].hash.bytes,
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

  private func checkTransfers(
    _ branch: [StoredBlock], _ cursor: StoredState.Cursor, _ findings: inout Findings
  ) {
    let scripts = Dictionary(
      stored.addresses.map { ($0.script, $0.ordinal) }, uniquingKeysWith: { first, _ in first })
    var rows: [Outpoint: StoredState.Transfer] = [:]
    for row in stored.transfers {
      guard let txid = Hash32(row.txid), let vout = UInt32(exactly: row.vout) else {
        findings.require(false, promise: 2, "a transfer's txid or vout")
        continue
      }
      let outpoint = Outpoint(txid: txid, vout: vout)
      findings.require(rows[outpoint] == nil, promise: 2, "\(outpoint) stands twice")
      rows[outpoint] = row
    }
    let paid = ChainTruth.outputs(
      in: branch.dropFirst(Int(anchorHeight) + 1), to: scripts)
    for output in paid {
      guard let row = rows.removeValue(forKey: output.outpoint) else {
        findings.require(
          false, promise: 1, "\(output.outpoint) in block \(output.block) isn't recorded")
        continue
      }
      findings.require(
        row.ordinal == output.ordinal && row.value == String(output.value), promise: 2,
        "\(output.outpoint) is recorded as \(row.value) to \(row.ordinal)")
      checkState(of: row, output, cursor, &findings)
      if output.value >= dustLimit {
        checkProof(of: output, in: branch[Int(output.block.height)], &findings)
      }
    }
    for (outpoint, row) in rows { checkAbsent(row, outpoint, scripts, &findings) }
  }

  private func checkState(
    of row: StoredState.Transfer, _ output: TrueOutput, _ cursor: StoredState.Cursor,
    _ findings: inout Findings
  ) {
    if output.value < dustLimit {
      findings.require(
        row.state == "quarantined", promise: 2, "dust \(output.outpoint) is \(row.state)")
      return
    }
    let depth = cursor.height - Int64(output.block.height) + 1
    let least = max(1, output.isCoinbase ? coinbaseMaturity : 1)
    let confirmed = max(row.confirmations, least)
    let expected =
      depth >= max(finalityDepth, confirmed)
      ? "final" : depth >= confirmed ? "confirmed" : "included"
    let isRight =
      cursor.halt == nil
      ? row.state == expected : ["included", "confirmed", "final"].contains(row.state)
    findings.require(
      isRight, promise: 2,
      "\(output.outpoint), \(depth) deep of \(row.confirmations), is \(row.state)")
    findings.require(
      row.blockHash == output.block.hash.bytes && row.blockHeight == Int64(output.block.height)
        && row.blockTime == Int64(output.time) * 1_000_000,
      promise: 2, "\(output.outpoint) is recorded in another block than \(output.block)")
  }

  /// What is recorded as proof is the block's own, step by step, and is one.
  private func checkProof(
    of output: TrueOutput, in stored: StoredBlock, _ findings: inout Findings
  ) {
    let txid = output.outpoint.txid
    let block = stored.block
    guard let proof = self.stored.proofs[txid.bytes],
      let place = stored.transactions.firstIndex(where: { $0.txid == txid }),
      let expected = TransactionProof(of: block, at: place, withCoinbase: true)
    else {
      findings.require(false, promise: 3, "\(output.outpoint) has no proof")
      return
    }
    findings.require(
      proof.block == stored.hash.bytes && proof.header == stored.header.bytes
        && proof.position == Int64(place) && proof.transaction == expected.transaction
        && proof.siblings == expected.branch.siblings.flatMap(\.bytes)
        && proof.coinbase == expected.coinbase?.transaction
        && proof.coinbaseSiblings == expected.coinbase?.siblings.flatMap(\.bytes)
        && (try? expected.verify(root: stored.header.merkleRoot)) == txid,
      promise: 3, "\(output.outpoint) has another proof than its block gives")
  }

  /// A transfer that isn't in the chain must not count as if it were, and must be of a transaction
  /// that somebody made.
  private func checkAbsent(
    _ row: StoredState.Transfer, _ outpoint: Outpoint, _ scripts: [[UInt8]: Int64],
    _ findings: inout Findings
  ) {
    findings.require(
      ["seen", "replaced", "dropped", "orphaned", "quarantined"].contains(row.state), promise: 2,
      "\(outpoint) is \(row.state) and not in the chain")
    let output = truth.transactions[outpoint.txid].flatMap { transaction in
      transaction.outputs.indices.contains(Int(outpoint.vout))
        ? transaction.outputs[Int(outpoint.vout)] : nil
    }
    findings.require(
      output.map { String($0.value) == row.value && scripts[$0.scriptPubKey] == row.ordinal }
        ?? false,
      promise: 2, "\(outpoint) was never paid")
  }
}
