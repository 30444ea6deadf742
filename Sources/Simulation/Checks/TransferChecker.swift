internal import Bytes
internal import ChainTypes

/// Holds a chain's rows of transfers against what its blocks moved.
struct TransferChecker {
  private let chain: ChainChecker
  private let cursor: StoredState.Cursor
  /// By script.
  private let ordinals: [[UInt8]: Int64]

  private static let standing: Set = ["included", "confirmed", "final"]

  init(_ chain: ChainChecker, _ cursor: StoredState.Cursor) {
    self.chain = chain
    self.cursor = cursor
    ordinals = Dictionary(
      chain.addresses.map { ($0.script, $0.ordinal) }, uniquingKeysWith: { first, _ in first })
  }

  func check(_ branch: [TrueBlock], _ findings: inout Findings) {
    var rows: [TransferKey: StoredState.Transfer] = [:]
    for row in chain.stored.transfers {
      guard let txid = Hash32(row.txid) else {
        findings.require(false, promise: 2, "the txid of \(row.id)")
        continue
      }
      let key = TransferKey(txid: txid, position: row.position)
      findings.require(rows[key] == nil, promise: 2, "\(row.id) stands twice")
      rows[key] = row
    }
    for block in branch.dropFirst(Int(chain.anchorHeight) + 1) {
      for transfer in block.transfers {
        guard let ordinal = ordinals[transfer.recipient] else { continue }
        let row = rows[transfer.key]
        if mayBeMissed(transfer, row, in: block) { continue }
        rows[transfer.key] = nil
        check(row, transfer, to: ordinal, in: block, &findings)
      }
    }
    for (key, row) in rows { checkAbsent(row, key, &findings) }
  }

  private func check(
    _ row: StoredState.Transfer?, _ transfer: TrueTransfer, to ordinal: Int64,
    in block: TrueBlock, _ findings: inout Findings
  ) {
    guard let row else {
      findings.require(
        false, promise: 1,
        "\(transfer.key.txid.hex)/\(transfer.key.position) in block \(block.ref) isn't recorded")
      return
    }
    guard !transfer.hasFailed, transfer.value >= chain.spec.dustLimit(of: transfer.contract)
    else {
      return checkWorthless(row, transfer, &findings)
    }
    findings.require(
      row.ordinal == ordinal && row.value == transfer.value.decimal
        && row.contract == transfer.contract,
      promise: 2,
      "\(row.id) is recorded as \(row.value) of \(row.contract) to \(row.ordinal), "
        + "and is \(transfer.value.decimal) of \(transfer.contract) to \(ordinal)")
    checkState(of: row, transfer, in: block, &findings)
    if let proof = block.proof(transfer.key.txid) {
      findings.require(
        chain.stored.proofs[row.txid] == proof, promise: 3,
        "\(row.id) has another proof than its block gives")
    }
  }

  private func checkState(
    of row: StoredState.Transfer, _ transfer: TrueTransfer, in block: TrueBlock,
    _ findings: inout Findings
  ) {
    let height = Int64(block.ref.height)
    let depth = cursor.height - height + 1
    let least = max(1, transfer.isCoinbase ? Int64(chain.spec.coinbaseMaturity) : 1)
    let confirmed = max(row.confirmations, least)
    let isFinal =
      depth >= max(Int64(chain.spec.finalityDepth), confirmed)
      && (chain.spec.finalityTag == nil || height <= cursor.finalHeight ?? -1)
    let expected = isFinal ? "final" : depth >= confirmed ? "confirmed" : "included"
    findings.require(
      cursor.halt == nil ? row.state == expected : Self.standing.contains(row.state), promise: 2,
      "\(row.id), \(depth) deep of \(row.confirmations), is \(row.state)")
    findings.require(
      row.blockHash == block.ref.hash.bytes && row.blockHeight == height
        && row.blockTime == block.time * 1_000_000,
      promise: 2, "\(row.id) is recorded in another block than \(block.ref)")
  }

  // MARK: What doesn't count

  /// Where it was worth nothing in another block, too, what was recorded of it there stays.
  private func checkWorthless(
    _ row: StoredState.Transfer, _ transfer: TrueTransfer, _ findings: inout Findings
  ) {
    let forms = chain.truth.forms[transfer.key] ?? []
    let expected = transfer.hasFailed ? ["failed"] : ["quarantined"]
    findings.require(
      (forms.count == 1 ? expected : ["failed", "quarantined"]).contains(row.state)
        && forms.contains { isRecorded($0, as: row) },
      promise: 2, "\(row.id) is worth nothing, and is \(row.state)")
  }

  private func isRecorded(_ form: TrueTransfer, as row: StoredState.Transfer) -> Bool {
    form.value.decimal == row.value && form.contract == row.contract
      && ordinals[form.recipient] == row.ordinal
  }

  /// What a call moved need not be recorded where it was told that nobody looked, nor count where
  /// nobody could prove it.
  private func mayBeMissed(
    _ transfer: TrueTransfer, _ row: StoredState.Transfer?, in block: TrueBlock
  ) -> Bool {
    guard transfer.isInner else { return false }
    // What an account has sent itself hides what calls brought it in the same block.
    let isHidden = block.sent.contains { $0.sender == transfer.recipient }
    let isUntraced = chain.untraced.contains { $0.contains(Int64(block.ref.height)) }
    guard let row, Self.standing.contains(row.state) else {
      return isUntraced || (row.map(isUnproven) ?? false) && (chain.mayLackProofs || isHidden)
    }
    return false
  }

  private func isUnproven(_ row: StoredState.Transfer) -> Bool {
    row.state == "quarantined" && row.detail == "unproven"
  }

  /// A transfer that isn't in the chain must not count as if it were, and must be of a transaction
  /// that somebody made.
  private func checkAbsent(
    _ row: StoredState.Transfer, _ key: TransferKey, _ findings: inout Findings
  ) {
    findings.require(
      !Self.standing.contains(row.state), promise: 2,
      "\(row.id) is \(row.state) and not in the chain")
    // A node's word for a call, which nothing bears out.
    let isHearsay = isUnproven(row) && row.position.hasPrefix("trace:")
    guard !(isHearsay && chain.mayLackProofs) else { return }
    let forms = chain.truth.forms[key] ?? []
    findings.require(
      forms.contains { isRecorded($0, as: row) }, promise: 2, "\(row.id) was never paid")
  }
}
