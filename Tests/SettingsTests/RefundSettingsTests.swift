import Bytes
import ChainTypes
import Settings
import TestSupport
import Testing

@Suite("refunds and payouts in the configuration")
struct RefundSettingsTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private static let account =
    "accounts: [{family: bitcoin, descriptor: some}, {family: ethereum, descriptor: other}]"

  private func text(bitcoin: String = "", ethereum: String = "", policies: String = "") -> String {
    """
    region: eu-1
    database: {sqlite: db}
    chains_directory: \(SettingsText.chains)
    chains:
      - name: bitcoin
        nodes: [{url: "http://127.0.0.1:8332"}]
        payouts: {\(bitcoin)}
      - name: ethereum
        nodes: [{url: "http://127.0.0.1:8545"}]
        payouts: {\(ethereum)}
    tenants:
      - id: main
        \(Self.account)
        policies: {\(policies)}
    """
  }

  private func load(_ text: String) throws -> PaywatchConfiguration {
    try PaywatchConfiguration.load(directory.write("paywatch.yaml", text))
  }

  private func mistakes(_ text: String) -> [String] {
    let error = #expect(throws: ConfigurationError.self) { try load(text) }
    return (error?.mistakes ?? []).map { "\($0.line ?? 0) \($0.path)" }
  }

  private func policies(_ words: String) throws -> PolicySettings {
    try #require(try load(text(policies: words)).tenants.first).policies
  }

  @Test("what isn't said waits for an operator, and refunds need nobody else")
  func defaults() throws {
    let policies = try policies("")
    #expect(policies.late == .hold && policies.short == .hold && policies.over == .hold)
    #expect(policies.refunds.approvals == 0)
    #expect(policies.refunds.fourEyesAbove.isEmpty)
    #expect(policies.refunds.addressCooldownSeconds == 86_400)
    #expect(!policies.refunds.requiresAttestation)
    #expect(policies.refunds.feePayer == .shop)
  }

  @Test("policies say what becomes of money, and what a refund takes")
  func refunds() throws {
    let policies = try policies(
      """
      late: refund, short: accept, over: refund, refunds: {approvals: 2,
          four_eyes_above: {BTC: "0.1", USDC: 1000}, address_cooldown_seconds: 0,
          require_attestation: true, fee_payer: payee}
      """)
    #expect(policies.late == .refund && policies.short == .accept && policies.over == .refund)
    #expect(policies.refunds.approvals == 2)
    let limits = policies.refunds.fourEyesAbove
    #expect(limits[.btc]?.minorUnits == 10_000_000)
    #expect(limits.first { $0.key.symbol == "USDC" }?.value.minorUnits == 1_000_000_000)
    #expect(policies.refunds.addressCooldownSeconds == 0)
    #expect(policies.refunds.requiresAttestation)
    #expect(policies.refunds.feePayer == .payee)
  }

  @Test("approvers are addresses of either family by their names, in their own forms")
  func approvers() throws {
    let policies = try policies(
      """
      refunds: {approvals: 2, approvers: [
          {name: anna, signer: "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"},
          {name: ben, signer: BC1QCR8TE4KR609GCAWUTMRZA0J4XV80JY8Z306FYU}]}
      """)
    #expect(
      policies.refunds.approvers == [
        "anna": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        "ben": "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu",
      ])
  }

  @Test(
    "a policy that isn't one is a mistake at its line",
    arguments: [
      (
        "refunds: {approvers: [{name: a, signer: me}]}", "refunds.approvers[0].signer"
      ),
      ("refunds: {approvers: [{name: a}]}", "refunds.approvers[0].signer"),
      (
        "refunds: {approvals: 2, approvers: [{name: a, signer: "
          + "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu}]}", "refunds.approvals"
      ),
      (
        "refunds: {approvers: [{name: a, signer: bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu}, "
          + "{name: b, signer: bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu}]}",
        "refunds.approvers[1].signer"
      ),
      ("late: maybe", "late"), ("short: late", "short"), ("over: true", "over"),
      ("refunds: {approvals: -1}", "refunds.approvals"),
      ("refunds: {four_eyes_above: {DOGE: 1}}", "refunds.four_eyes_above.DOGE"),
      ("refunds: {four_eyes_above: {BTC: 1e3}}", "refunds.four_eyes_above.BTC"),
      ("refunds: {address_cooldown: 5}", "refunds.address_cooldown"),
      ("refunds: {require_attestation: 1}", "refunds.require_attestation"),
      ("refunds: {fee_payer: chain}", "refunds.fee_payer"), ("refund: {}", "refund"),
    ])
  func wrongPolicies(words: String, path: String) {
    #expect(mistakes(text(policies: words)) == ["14 tenants[0].policies.\(path)"])
  }

  @Test("payouts have sane bounds where nothing is said")
  func payoutDefaults() throws {
    let chains = try load(text()).chains
    #expect(
      chains.map(\.payouts) == [
        .bitcoin(
          BitcoinPayoutSettings(
            minimumSatoshiPerKvB: 1_000, maximumSatoshiPerKvB: 500_000,
            fallbackSatoshiPerKvB: 10_000, targetBlocks: 6, sweepShareBasisPoints: 500)),
        .ethereum(
          EthereumPayoutSettings(
            maximumFeePerGas: 500_000_000_000, minimumPriorityFeePerGas: 100_000_000,
            sweepShareBasisPoints: 500)),
      ])
  }

  @Test("payouts are read in the units that people know")
  func payouts() throws {
    let chains = try load(
      text(
        bitcoin: """
          fee_rate: {minimum: 0.1, maximum: "80.5", fallback: 2}, target_blocks: 2, sweep_share: 0.0125
          """,
        ethereum: "gas: {maximum_fee_gwei: 30, minimum_priority_gwei: 0.000000001}, sweep_share: 1")
    ).chains
    #expect(
      chains.map(\.payouts) == [
        .bitcoin(
          BitcoinPayoutSettings(
            minimumSatoshiPerKvB: 100, maximumSatoshiPerKvB: 80_500,
            fallbackSatoshiPerKvB: 2_000, targetBlocks: 2, sweepShareBasisPoints: 125)),
        .ethereum(
          EthereumPayoutSettings(
            maximumFeePerGas: 30_000_000_000, minimumPriorityFeePerGas: 1,
            sweepShareBasisPoints: 10_000)),
      ])
  }

  @Test("the fallback follows bounds that exclude the usual one")
  func bounds() throws {
    for (bitcoin, fallback) in [
      ("fee_rate: {maximum: 3}", 3_000), ("fee_rate: {minimum: 900}", 900_000),
    ] as [(String, UInt64)] {
      let chain = try load(text(bitcoin: bitcoin)).chains.first
      guard case .bitcoin(let settings) = chain?.payouts else {
        Issue.record("\(bitcoin)")
        continue
      }
      #expect(settings.fallbackSatoshiPerKvB == fallback)
    }
  }

  @Test(
    "a payout's cost that can't be is a mistake at its line",
    arguments: [
      ("fee_rate: {minimum: 0}", "fee_rate.minimum"),
      ("fee_rate: {minimum: 0.0001}", "fee_rate.minimum"),
      ("fee_rate: {maximum: 10001}", "fee_rate.maximum"),
      ("fee_rate: {maximum: 1e2}", "fee_rate.maximum"),
      ("fee_rate: {minimum: 5, fallback: 4}", "fee_rate.fallback"),
      ("fee_rate: {maximum: 5, minimum: 6, fallback: 6}", "fee_rate.fallback"),
      ("fee_rate: {low: 1}", "fee_rate.low"), ("target_blocks: 0", "target_blocks"),
      ("bump_after_blocks: x", "bump_after_blocks"), ("gas: {}", "gas"),
    ])
  func wrongBitcoin(words: String, path: String) {
    #expect(mistakes(text(bitcoin: words)) == ["7 chains[0].payouts.\(path)"])
  }

  @Test(
    "so it is on EVM chains",
    arguments: [
      ("gas: {maximum_fee_gwei: 0}", "gas.maximum_fee_gwei"),
      ("gas: {minimum_priority_gwei: 501}", "gas.minimum_priority_gwei"),
      ("gas: {minimum_priority_gwei: 0.0000000001}", "gas.minimum_priority_gwei"),
      ("sweep_share: 1.01", "sweep_share"), ("sweep_share: 0", "sweep_share"),
      ("target_blocks: 6", "target_blocks"),
    ])
  func wrongEthereum(words: String, path: String) {
    #expect(mistakes(text(ethereum: words)) == ["10 chains[1].payouts.\(path)"])
  }
}
