internal import Addresses
internal import Aggregates
internal import Bytes
internal import ChainTypes
internal import Payments
internal import Settlement

/// Holds money out against the chain itself at the cursor: what has left and what is booked of it
/// to the last minor unit, whom it reached, and by which transactions.
struct PayoutChecker {
  let chain: any LivingChain
  let stored: StoredState
  let balances: [LedgerBalance]
  /// Whether nothing that was final is ever taken back.
  let isShallow: Bool

  private var spec: ChainSpec { chain.spec }
  private var name: String { spec.name.text }

  func check(_ findings: inout Findings) throws {
    let rows = stored.chain(spec.name)
    guard let cursor = rows.cursor, let hash = Hash32(cursor.hash),
      let branch = chain.truth.branch(to: hash)
    else { return }
    let scanned = Array(branch.dropFirst(Int(chain.anchorHeight) + 1))
    let family = spec.family.name
    let ours = Set(stored.addresses.filter { $0.family == family }.map(\.script))
    if spec.family.chainID == nil {
      checkCoins(scanned, ours, &findings)
    } else {
      checkAccounts(scanned, ours, &findings)
      checkSendings(scanned, ours, cursor, &findings)
    }
    try checkRefunds(scanned, &findings)
  }

  // MARK: What is booked

  private func checkCoins(
    _ branch: [TrueBlock], _ ours: Set<[UInt8]>, _ findings: inout Findings
  ) {
    var coins: [Outpoint: UInt256] = [:]
    for block in branch {
      for transfer in block.transfers
      where ours.contains(transfer.recipient) && transfer.value >= spec.dustLimit {
        guard let vout = UInt32(transfer.key.position) else { continue }
        coins[Outpoint(txid: transfer.key.txid, vout: vout)] = transfer.value
      }
      for txid in Set(block.transfers.map(\.key.txid)) {
        for outpoint in chain.truth.inputs[txid] ?? [] { coins[outpoint] = nil }
      }
    }
    checkTreasury(coins.values.reduce(.zero, plus), of: nil, taken: .zero, &findings)
  }

  /// What accounts have by what was moved, and what was taken for moving it. What doesn't count
  /// (dust, calls that nobody told of or proved) isn't booked, unless a balance has shown it.
  private func checkAccounts(
    _ branch: [TrueBlock], _ ours: Set<[UInt8]>, _ findings: inout Findings
  ) {
    let rows = stored.chain(spec.name)
    let counted = rows.countedTransfers
    var uncounted: [[UInt8]: UInt256] = [:]
    let booked = AccountFlows(branch, ours) { transfer in
      guard !transfer.isInner || counted.contains(transfer.key) else {
        uncounted[transfer.recipient] = plus(
          uncounted[transfer.recipient] ?? .zero, transfer.value)
        return false
      }
      return transfer.value >= spec.dustLimit(of: transfer.contract)
    }
    let scripts = Dictionary(
      stored.addresses.filter { $0.family == spec.family.name }.map { ($0.ordinal, $0.script) },
      uniquingKeysWith: { first, _ in first })
    var incomes: [[UInt8]: UInt256] = [:]
    for income in rows.incomes {
      let script = scripts[income.ordinal] ?? []
      incomes[script] = plus(incomes[script] ?? .zero, income.value)
    }
    for (script, value) in incomes {
      findings.require(
        value <= uncounted[script] ?? .zero, promise: 6,
        "\(name): \(value.decimal) is booked as income of 0x\(Hex.encode(script))")
    }
    for contract in [nil] + spec.tokens.map(\.asset.contract) {
      let (came, left) = booked.sum(of: contract.map { "0x\($0.hex)" } ?? "")
      let income = contract == nil ? incomes.values.reduce(.zero, plus) : .zero
      checkTreasury(plus(came, income), of: contract, taken: left, &findings)
    }
  }

  private func checkTreasury(
    _ came: UInt256, of contract: Hash20?, taken: UInt256, _ findings: inout Findings
  ) {
    let treasury = balances.filter {
      $0.account == .treasury && $0.chain == spec.name && $0.contract == contract
    }
    let debit = treasury.map(\.debit).reduce(.zero, plus)
    let credit = treasury.map(\.credit).reduce(.zero, plus)
    findings.require(
      plus(debit, taken) == plus(credit, came), promise: 6,
      "the treasury of \(contract.map { "0x\($0.hex)" } ?? "coin") on \(name) is "
        + "\(debit.decimal) less \(credit.decimal), the chain's "
        + "\(came.decimal) less \(taken.decimal)")
  }

  // MARK: By what it was moved

  /// Each transaction that our accounts have in blocks is one that we made, and stands as we have
  /// it; each nonce is one's.
  private func checkSendings(
    _ branch: [TrueBlock], _ ours: Set<[UInt8]>, _ cursor: StoredState.Cursor,
    _ findings: inout Findings
  ) {
    let rows = stored.outgoing.filter { $0.chain == name }
    let known = Dictionary(
      rows.compactMap { row in row.txid.map { ($0, row) } }, uniquingKeysWith: { first, _ in first }
    )
    var standing: Set<String> = []
    var nonces: Set<String> = []
    for block in branch {
      for sending in block.sent where ours.contains(sending.sender) {
        let account = "0x\(Hex.encode(sending.sender))"
        findings.require(
          nonces.insert("\(account)/\(sending.nonce)").inserted, promise: 2,
          "\(account) has two transactions \(sending.nonce)")
        guard let row = known[sending.txid.bytes] else {
          findings.require(
            false, promise: 6, "0x\(sending.txid.hex) of \(account) is none that we know")
          continue
        }
        standing.insert(row.id)
        findings.require(
          row.blockHash == block.ref.hash.bytes
            && ["broadcast", "confirmed", "final", "failed"].contains(row.status),
          promise: 4, "\(row.id) is \(row.status), and stands in \(block.ref)")
        guard cursor.halt == nil, ["final", "failed"].contains(row.status) else { continue }
        let depth = cursor.height - Int64(block.ref.height) + 1
        let isFinal =
          spec.finalityTag == nil || Int64(block.ref.height) <= cursor.finalHeight ?? -1
        findings.require(
          isFinal && depth >= Int64(spec.finalityDepth), promise: 5,
          "\(row.id) is \(row.status) at a depth of \(depth)")
      }
    }
    for row in rows where row.blockHash != nil || row.status == "final" {
      findings.require(
        standing.contains(row.id), promise: 5, "\(row.id) is \(row.status), and in no block")
    }
  }

  // MARK: Whom it reached

  /// Each refund is paid once at most and never more than it was to be, and a payment gives no more
  /// back than came for it.
  private func checkRefunds(_ branch: [TrueBlock], _ findings: inout Findings) throws {
    let refunds = try stored.refunds.values.map { refund in
      (
        terms: try CanonicalJSON.value(RefundTerms.self, from: refund.terms), status: refund.status,
        isAccepted: refund.facts.contains { $0.hasPrefix("{\"accepted\"") }
      )
    }.filter { $0.terms.chain == spec.name }
    guard !refunds.isEmpty else { return }
    var paid: [[UInt8]: [TrueTransfer]] = [:]
    // What a deprecated token's successor moves in its place is another asset.
    let listed = Set(spec.assets.map { $0.asset.contract.map { "0x\($0.hex)" } ?? "" })
    for block in branch {
      for transfer in block.transfers
      where !transfer.hasFailed && listed.contains(transfer.contract) {
        paid[transfer.recipient, default: []].append(transfer)
      }
    }
    var given: [String: UInt256] = [:]
    // People's go to addresses of their own, a policy's to the payer's.
    for (script, refunds) in try Dictionary(
      grouping: refunds, by: { try self.script(of: $0.terms) })
    {
      let transfers = paid[script] ?? []
      for (payment, value) in match(transfers, refunds, &findings) {
        given[payment] = plus(given[payment] ?? .zero, value)
      }
    }
    guard isShallow else { return }
    for payment in stored.payments {
      guard let out = given[payment.id],
        let address = stored.addresses.first(where: { $0.payment == payment.id })
      else { continue }
      let came = (paid[address.script] ?? []).filter { $0.contract == payment.contract }
        .map(\.value).reduce(.zero, plus)
      findings.require(
        out <= came, promise: 6,
        "\(payment.id) gave \(out.decimal) back of \(came.decimal)")
    }
  }

  private typealias Paying = (terms: RefundTerms, status: String, isAccepted: Bool)

  /// Each of the transfers to an address pays another one of the refunds to it, rather those that
  /// are said to be paid, and no more than that was to be; what went back, by the payments.
  private func match(
    _ transfers: [TrueTransfer], _ refunds: [Paying], _ findings: inout Findings
  ) -> [(payment: String, value: UInt256)] {
    let ranks = ["final": 0, "held": 1, "confirmed": 2, "broadcast": 3]
    var open = refunds.sorted { a, b in
      (ranks[a.status] ?? 4, b.terms.amount, a.terms.id)
        < (ranks[b.status] ?? 4, a.terms.amount, b.terms.id)
    }
    var given: [(payment: String, value: UInt256)] = []
    for transfer in transfers.sorted(by: { $0.value > $1.value }) {
      func isPaid(_ refund: Paying, exactly: Bool) -> Bool {
        let contract = refund.terms.asset.contract.map { "0x\($0.hex)" } ?? ""
        return transfer.contract == contract
          && (exactly
            ? transfer.value == refund.terms.amount : transfer.value < refund.terms.amount)
      }
      guard
        let place = open.firstIndex(where: { isPaid($0, exactly: true) })
          ?? open.firstIndex(where: { isPaid($0, exactly: false) })
      else {
        let ids = refunds.map(\.terms.id).joined(separator: ", ")
        findings.require(
          false, promise: 2, "of \(ids) more is paid than was to be: \(transfer.value.decimal)")
        continue
      }
      let (terms, status, isAccepted) = open.remove(at: place)
      given.append((terms.payment, transfer.value))
      findings.require(
        ranks[status] != nil, promise: 4, "\(terms.id) is paid and \(status)")
      // What a token took of it is no payment of it.
      findings.require(
        status != "final" || transfer.value == terms.amount || isAccepted, promise: 6,
        "\(terms.id) is final, and \(transfer.value.decimal) of \(terms.amount.decimal) arrived")
    }
    for (terms, status, isAccepted) in open {
      findings.require(
        status != "final" || isAccepted, promise: 6, "\(terms.id) is final and isn't paid")
    }
    return given
  }

  private func script(of terms: RefundTerms) throws -> [UInt8] {
    guard case .bitcoin(let network) = spec.family else {
      return try EthereumAddress(terms.address).hash.bytes
    }
    return try BitcoinAddress(terms.address, network: network).output.scriptPubKey
  }
}

/// What came to accounts and left them in blocks, by account and asset; the coin's is "".
struct AccountFlows {
  private struct Key: Hashable {
    let account: [UInt8]
    let contract: String
  }

  private var flows: [Key: (came: UInt256, left: UInt256)] = [:]

  /// - Parameter isCounted: of what comes
  init(
    _ branch: [TrueBlock], _ accounts: Set<[UInt8]>,
    isCounted: (TrueTransfer) -> Bool = { _ in true }
  ) {
    for block in branch {
      for transfer in block.transfers where !transfer.hasFailed {
        if accounts.contains(transfer.recipient), isCounted(transfer) {
          let key = Key(account: transfer.recipient, contract: transfer.contract)
          flows[key, default: (.zero, .zero)].came = plus(
            flows[key]?.came ?? .zero, transfer.value)
        }
        guard let sender = transfer.sender, accounts.contains(sender) else { continue }
        take(transfer.value, from: Key(account: sender, contract: transfer.contract))
      }
      for sending in block.sent where accounts.contains(sending.sender) {
        take(sending.fee, from: Key(account: sending.sender, contract: ""))
      }
    }
  }

  private mutating func take(_ value: UInt256, from key: Key) {
    flows[key, default: (.zero, .zero)].left = plus(flows[key]?.left ?? .zero, value)
  }

  func sum(of contract: String) -> (came: UInt256, left: UInt256) {
    flows.filter { $0.key.contract == contract }.values.reduce((.zero, .zero)) {
      (plus($0.0, $1.came), plus($0.1, $1.left))
    }
  }

  subscript(account: [UInt8], contract: String) -> (came: UInt256, left: UInt256) {
    flows[Key(account: account, contract: contract)] ?? (.zero, .zero)
  }
}

/// The sum, which no simulated chain's money exceeds.
private func plus(_ a: UInt256, _ b: UInt256) -> UInt256 { (try? a.adding(b)) ?? .max }

extension ChainSpec {
  /// Anything of a token that isn't listed is recorded, as it counts for nothing.
  func dustLimit(of contract: String) -> UInt256 {
    guard !contract.isEmpty else { return dustLimit }
    let token = tokens.first { $0.asset.contract.map { "0x\($0.hex)" } == contract }
    return token?.dustLimit ?? .one
  }
}
