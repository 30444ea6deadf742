internal import Bytes
internal import ChainTypes
internal import Payments

/// Holds payments and the books against what stands on the chain.
struct MoneyChecker {
  let view: ChainView
  let rows: PaymentRows
  let told: ToldChecker

  func check(_ findings: inout ShopFindings) throws {
    for row in rows.payments {
      let oracle = oracle(of: row)
      findings.require(
        row.status == oracle.status, .truth,
        "\(row.id) is \(row.status), should be \(oracle.status)")
      findings.require(
        row.received == String(oracle.received)
          // What came since counts apart.
          && (oracle.isResolved || row.confirmed == String(oracle.confirmed)), .money,
        "\(row.id) has \(row.received)/\(row.confirmed), should have "
          + "\(oracle.received)/\(oracle.confirmed)")
      let known = told.payment(row.id)
      findings.require(
        known?.status == row.status, .truth,
        "\(row.id) is \(row.status), and was told to be \(known?.status ?? "nothing")")
      if row.isDeadlinePassed {
        findings.require(
          rows.lookedThrough > row.expiresAt, .truth,
          "\(row.id) expired before a look passed its deadline")
      }
    }
  }

  /// Worked out from the chain and what was decided.
  func oracle(of row: PaymentRows.Row) -> PaymentOracle {
    let amount = UInt64(row.amount) ?? 0
    let finality = ChainSpec.simulated.finalityDepth
    var oracle = PaymentOracle(
      amount: amount,
      tolerance: row.tenant == "wholesale" && amount > 500 ? 500 : 0,
      confirmations: row.confirmations, acceptsLate: row.tenant == "kiosk",
      isDeadlinePassed: row.isDeadlinePassed)
    for fact in rows.decisions[row.id] ?? [] {
      switch fact {
      case .canceled: oracle.isCanceled = true
      case .accepted(let due, _): oracle.acceptedDue = due.asUInt64
      case .resolved: oracle.isResolved = true
      default: break
      }
    }
    let address = told.payment(row.id)?.address ?? ""
    oracle.money = view.money(at: address).map { value, depth, known in
      let state =
        depth == 0
        ? "seen"
        : depth >= finality
          ? "final" : Int64(depth) >= max(1, row.confirmations) ? "confirmed" : "included"
      return PaymentOracle.Money(
        value: value, state: state, isLate: known.microseconds > row.expiresAt, isCredited: true,
        isSettled: true)
    }
    return oracle
  }

  /// All that stands on the chain is in the books, each part where it belongs.
  func checkLedger(_ findings: inout ShopFindings) throws {
    let inBlocks = view.inBlocks
    var wanted: [String: [String: Int64]] = [:]
    for row in rows.payments {
      let oracle = oracle(of: row)
      let came = Int64(inBlocks[told.payment(row.id)?.address ?? ""] ?? 0)
      var accounts = wanted[row.tenant] ?? [:]
      accounts["treasury", default: 0] += came
      accounts["received", default: 0] -= came
      if row.status == "settled" {
        let due = Int64(oracle.acceptedDue ?? oracle.amount)
        let counted = Int64(oracle.final)
        accounts["received", default: 0] += counted
        accounts["receivable", default: 0] -= due
        accounts["overpaid", default: 0] -= max(0, counted - due)
        accounts["tolerance", default: 0] += max(0, due - counted)
      }
      wanted[row.tenant] = accounts
    }
    let paidFor = Set(rows.payments.compactMap { told.payment($0.id)?.address })
    for address in inBlocks.keys where !paidFor.contains(address) {
      findings.require(false, .money, "\(address) was paid, and is nobody's")
    }
    for (tenant, accounts) in wanted {
      let booked = rows.balances[tenant] ?? [:]
      for account in Set(accounts.keys).union(booked.keys).sorted() {
        findings.require(
          booked[account] ?? 0 == accounts[account] ?? 0, .money,
          "\(tenant) has \(booked[account] ?? 0) on \(account), should have "
            + "\(accounts[account] ?? 0)")
      }
    }
  }
}
