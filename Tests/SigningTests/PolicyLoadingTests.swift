import Bytes
import ChainTypes
import Settings
import Signing
import TestSupport
import Testing

@Suite("policy files")
struct PolicyLoadingTests {
  let scene: SigningScene

  init() throws { scene = try SigningScene() }

  @Test("a policy is read with its limits in minor units")
  func loads() throws {
    var settings = SigningScene.Settings()
    settings.more = "destinations: []\noperators: [\"\(SigningScene.payee)\"]"
    let policy = try scene.policy(settings)
    let bitcoin = try #require(ChainName("bitcoin-regtest").flatMap(policy.chain))
    #expect(
      bitcoin.limits == ["BTC": .init(perTransaction: 2_000_000, perDay: 5_000_000)])
    #expect(bitcoin.fees == .init(perTransaction: 10_000, rate: .bitcoin(perKilobyte: 20_000)))
    #expect(bitcoin.maximumInputs == 3 && bitcoin.refunds == .attested)
    #expect(bitcoin.attesters == .payers && bitcoin.operators == [SigningScene.payee])
    let ethereum = try #require(ChainName("ethereum").flatMap(policy.chain))
    #expect(
      ethereum.limits["USDC"] == .init(perTransaction: 100_000_000, perDay: 250_000_000))
    #expect(
      ethereum.fees
        == .init(
          perTransaction: 10_000_000_000_000_000,
          rate: .ethereum(gasPrice: 40_000_000_000, gas: 100_000)))
    #expect(policy.recordPath == scene.policyPath + ".record.json")
  }

  @Test(
    "mistakes are told with their lines",
    arguments: [
      ("refunds: attested", "refunds: everyone", "“everyone” must be one of attested, listed, any"),
      ("refunds: attested", "refund: attested", "There is no such setting"),
      ("attested_by: payers", "attested_by: operators", "whose signatures count"),
      ("    attested_by: payers\n", "", "It is missing: one of payers, operators"),
      ("maximum_fee_rate:", "maximum_feerate:", "There is no such setting"),
      (#"per_day: "0.05""#, #"per_day: "0.000000001""#, "more than 8 decimals"),
      (#"per_day: "0.05""#, #"per_week: "0.05""#, "There is no such setting"),
      ("asset: BTC", "asset: DOGE", "has no asset “DOGE”"),
      ("wpkh(", "wsh(", "It is no account of this chain"),
      ("/0/*", "/0/*x", "It is no account of this chain"),
      ("maximum_inputs: 3", "maximum_inputs: 0", "a whole number from 1 to 10000"),
      (
        "maximum_inputs: 3", "destinations: [bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu]",
        "is no address of this chain"
      ),
      ("maximum_inputs: 3", "operators: [me]", "“me” is no address"),
      ("maximum_inputs: 3", "approvals: 1", "There are 0 operators"),
      (
        "maximum_inputs: 3", #"unattested: [{ asset: DOGE, per_payment: "1" }]"#,
        "has no asset “DOGE”"
      ),
      ("maximum_inputs: 3", "unattested: [{ asset: BTC }]", "per_payment"),
      ("bitcoin-regtest.yaml", "no-such-chain.yaml", "can't be used"),
      ("chains:", "chain:", "It is missing"),
    ])
  func mistakes(_ found: String, _ changed: String, _ reason: String) throws {
    let text = scene.policyText()
    let file = text.replacing(found, with: changed, maxReplacements: 1)
    try #require(file != text)
    try scene.directory.write("policy.yaml", file.utf8)
    let error = try #require(throws: ConfigurationError.self) {
      try SigningPolicy.load(scene.policyPath)
    }
    #expect(error.description.contains(reason), "\(error)")
  }
}
