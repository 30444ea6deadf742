internal import Addresses
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import NodeRPC

// Coin that contracts moved where nobody traces: balances show that it came.
extension EthereumWatcher {
  /// At each new tip, holds the proved balances of some addresses with open payments in the chain's
  /// coin against what the store knows. What nothing explains is told as an alert, and explains
  /// itself from then on; it is never credited.
  ///
  /// Proof and knowledge are those of the very same block: the step that tells is refused once the
  /// cursor has moved.
  func auditBalances(_ report: inout WatchReport) async throws {
    guard settings.balanceProofsPerBlock > 0, let position = standing.position else { return }
    let (tip, untracedAt) = (position.chain.tip, position.cursor.untracedAt)
    guard auditedTip != tip.ref.hash, !settings.asksTraces || untracedAt != nil else { return }
    let expectations = try await standing.store.expectedBalances(
      on: chain,
      BalanceExpectations.Selection(
        expiringBefore: Timestamp(seconds: Int64(tip.time)),
        madeThrough: settings.asksTraces ? untracedAt : nil, after: auditPlace,
        limit: settings.balanceProofsPerBlock))
    guard let expectations, expectations.version == position.cursor.version else { return }
    let incomes = await surpluses(over: expectations.all, at: tip.ref, &report)
    if !incomes.isEmpty {
      var step = standing.newStep(at: position)
      step.incomes = incomes
      try await standing.commit(step, standing: position)
      report.incomes += incomes.count
    }
    // Where no node gave proofs, the next block's state tells as much.
    auditedTip = tip.ref.hash
    auditPlace = expectations.next
  }

  /// What proved balances have beyond what is known.
  private func surpluses(
    over expectations: [BalanceExpectation], at tip: BlockRef, _ report: inout WatchReport
  ) async -> [AddressIncome] {
    let accounts = expectations.compactMap { expectation in
      Hash20(expectation.script.scriptPubKey).map {
        (address: EthereumAddress($0), expectation: expectation)
      }
    }
    guard !accounts.isEmpty else { return [] }
    let balances: [EthereumAddress: UInt256]
    do throws(NodePoolError) {
      balances = try await BalanceProofs(pool: pool, profile: settings.network.profile)
        .untouchedBalances(of: accounts.map(\.address), at: tip)
    } catch {
      report.audit = .unproved(tip)
      return []
    }
    report.audit = .proved(accounts: accounts.count)
    return accounts.compactMap { account in
      guard let balance = balances[account.address],
        let surplus = account.expectation.surplus(
          of: balance, least: max(settings.spec.dustLimit, .one))
      else { return nil }
      return AddressIncome(
        block: tip, ordinal: account.expectation.script.ordinal, source: .unattributed,
        value: surplus)
    }
  }
}
