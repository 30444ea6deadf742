import Addresses
import Bitcoin
import Bytes
import ChainTypes
import Keys
import Payments
import Payouts
import Signing
import Testing

@Suite("what may be signed on Bitcoin")
struct BitcoinRulesTests {
  let scene: SigningScene
  private var anyRefund: SigningScene.Settings {
    var settings = SigningScene.Settings()
    settings.refunds = "any"
    return settings
  }

  init() throws { scene = try SigningScene() }

  private func refusals(
    _ transaction: UnsignedTransaction, _ settings: SigningScene.Settings? = nil
  ) throws -> [String] {
    try scene.refusals(scene.batch([transaction]), settings ?? anyRefund)
  }

  private func changed(
    _ transaction: UnsignedTransaction, _ change: (inout PSBT) throws -> Void
  ) throws -> UnsignedTransaction {
    guard case .bitcoin(let bytes) = transaction.body else { return transaction }
    var psbt = try PSBT(bytes: bytes)
    try change(&psbt)
    var other = transaction
    other.body = .bitcoin(psbt: psbt.bytes)
    return other
  }

  @Test("a refund within every rule is let through")
  func allowed() throws {
    #expect(try refusals(scene.refund()) == [])
  }

  @Test("a refund's address must be attested, listed or any, as the policy says")
  func refundRules() throws {
    var settings = SigningScene.Settings()
    #expect(
      try refusals(scene.refund(), settings).contains {
        $0.contains("nobody signed a statement that it goes there")
      })
    settings.more = "destinations: [\(SigningScene.payee)]"
    #expect(try refusals(scene.refund(), settings) == [])
    settings.refunds = "listed"
    #expect(try refusals(scene.refund(), settings) == [])
    settings.more = ""
    #expect(
      try refusals(scene.refund(), settings).contains { $0.contains("listed destinations alone") })
  }

  @Test("a payer's statement lets a refund through, an operator's where operators must sign")
  func attestations() throws {
    let address = try scene.address(SigningScene.payerPath)
    let own = try scene.attestation(
      address: address, chain: "bitcoin-regtest", asset: "BTC", kind: .bip322,
      path: SigningScene.payerPath)
    let refund = try scene.refund(to: address, attestation: own)
    var settings = SigningScene.Settings()
    #expect(try refusals(refund, settings) == [])
    let signer = try scene.ethereumAddress(SigningScene.operatorPath)
    settings.more = "operators: [\"\(signer)\"]"
    settings.attesters = "operators"
    #expect(
      try refusals(refund, settings).contains { $0.contains("is none of the policy's operators") })
    let operated = try scene.attestation(
      address: address, chain: "bitcoin-regtest", asset: "BTC", kind: .eip191,
      path: SigningScene.operatorPath)
    #expect(try refusals(scene.refund(to: address, attestation: operated), settings) == [])
    // Under `payers` only the key of the address that is paid counts beside operators' keys.
    settings.attesters = "payers"
    #expect(try refusals(scene.refund(to: address, attestation: operated), settings) == [])
    settings.more = ""
    #expect(
      try refusals(scene.refund(to: address, attestation: operated), settings)
        .contains { $0.contains("neither where it goes nor an operator") })
  }

  @Test("what a tenant's policy sends back may go unattested, up to so much of each payment")
  func unattested() throws {
    var settings = SigningScene.Settings()
    settings.more = #"unattested: [{ asset: BTC, per_payment: "0.015" }]"#
    #expect(try refusals(scene.refund(), settings) == [])
    let more = try scene.refund(value: 1_500_001)
    #expect(
      try refusals(more, settings).contains {
        $0.contains("nobody signed a statement that it goes there")
      })
    // Two refunds of one payment are one amount, also where one was signed before.
    let both = try scene.batch([
      scene.refund(value: 800_000), scene.refund(value: 800_000, id: 2, refund: 2, salt: 7),
    ])
    #expect(
      try scene.refusals(both, settings).contains {
        $0.contains("nobody signed a statement that it goes there")
      })
    // A statement that is wrong isn't better than none.
    let wrong = try scene.attestation(
      address: SigningScene.payee, chain: "bitcoin", asset: "BTC", kind: .bip322,
      path: SigningScene.payerPath)
    #expect(try refusals(scene.refund(attestation: wrong), settings) != [])
    let job = try SigningJob(
      .batch(scene.batch([scene.refund()])), policy: scene.policy(settings))
    #expect(job.words.contains { $0.contains("requested by policy") }, "\(job.words)")
  }

  @Test("a statement for something else, or that somebody else signed, counts for nothing")
  func falseAttestations() throws {
    let address = try scene.address(SigningScene.payerPath)
    func attestation(
      _ address: String, _ chain: String, _ asset: String
    ) throws -> RefundAttestation {
      try scene.attestation(
        address: address, chain: chain, asset: asset, kind: .bip322, path: SigningScene.payerPath)
    }
    let sound = try attestation(address, "bitcoin-regtest", "BTC")
    func changed(
      signer: String? = nil, message: String? = nil, signature: String? = nil
    ) -> RefundAttestation {
      RefundAttestation(
        kind: sound.kind, signer: signer ?? sound.signer, message: message ?? sound.message,
        signature: signature ?? sound.signature)
    }
    let forged = changed(signer: SigningScene.payee)
    let replaced = changed(message: sound.message.replacing("pay_0", with: "pay_1"))
    let cut = changed(signature: String(sound.signature.dropLast(4)))
    let prose = changed(message: "please")
    let worthless = [
      try attestation(SigningScene.payee, "bitcoin-regtest", "BTC"),
      try attestation(address, "bitcoin", "BTC"),
      try attestation(address, "bitcoin-regtest", "ETH"), forged, replaced, cut, prose,
    ]
    for attestation in worthless {
      for rule in ["attested", "any"] {
        var settings = SigningScene.Settings()
        settings.refunds = rule
        let refusals = try refusals(
          scene.refund(to: address, attestation: attestation), settings)
        #expect(refusals.contains { $0.contains("It refunds") }, "\(attestation)")
      }
    }
  }

  @Test("what is paid away must be described as it is")
  func descriptions() throws {
    let refund = try scene.refund()
    var silent = refund
    silent.paymentsOut = []
    #expect(
      try refusals(silent).contains { $0.contains("of which the batch says nothing") })
    var other = refund
    other.paymentsOut[0].amount = 1_400_000
    #expect(try refusals(other).contains { $0.contains("but it doesn't") })
    other = refund
    other.paymentsOut[0].address = try scene.address(SigningScene.payerPath)
    #expect(try refusals(other).contains { $0.contains("but it doesn't") })
    other = refund
    other.paymentsOut[0].asset = "ETH"
    #expect(try refusals(other).contains { $0.contains("but it doesn't") })
    other = refund
    other.paymentsOut.append(refund.paymentsOut[0])
    #expect(try refusals(other).contains { $0.contains("but it doesn't") })
    other = refund
    other.paymentsOut[0].refund = nil
    #expect(try refusals(other).contains { $0.contains("is none by its description") })
    other = refund
    other.purpose = .sweep
    #expect(try refusals(other).contains { $0.contains("It is called sweep") })
  }

  @Test("a sweep to an address of ours is let through, and one to anywhere else isn't")
  func sweeps() throws {
    let own = try scene.psbt(paying: [], change: 3_999_000, coins: 2)
    let script = try scene.script(scene.descriptor, 1, 7)
    let branch = try scene.descriptor.onBranch(1)
    let address = try #require(branch).address(at: 7).text
    #expect(own.transaction.outputs[0].scriptPubKey == script)
    var sweep = UnsignedTransaction(
      id: SigningScene.id("out", 1), purpose: .sweep, body: .bitcoin(psbt: own.bytes),
      paymentsOut: [
        PaymentOut(refund: nil, address: address, asset: "BTC", amount: 3_999_000)
      ])
    #expect(try refusals(sweep) == [])
    // Without its path nobody knows that the output is ours.
    let foreign = try scene.psbt(
      paying: [TransactionOutput(value: 3_999_000, scriptPubKey: script)], coins: 2)
    sweep.body = .bitcoin(psbt: foreign.bytes)
    #expect(try refusals(sweep).contains { $0.contains("neither ours") })
  }

  @Test("a path too far out to be found again isn't ours, nor is a claimed one that is false")
  func change() throws {
    let refund = try scene.refund()
    for (branch, index) in [(1_000, 7), (1, 1_000_000)] as [(UInt32, UInt32)] {
      let psbt = try scene.psbt(
        paying: [
          SigningScene.output(SigningScene.payee, 1_500_000),
          TransactionOutput(
            value: 498_590, scriptPubKey: try scene.script(scene.descriptor, branch, index)),
        ])
      var other = refund
      var stated = psbt
      let origin = try scene.origin(scene.descriptor, branch, index)
      stated.outputs[1].addDerivation(
        PSBTDerivation(
          key: try scene.master.descendant(origin.path).key.publicKey, origin: origin))
      other.body = .bitcoin(psbt: stated.bytes)
      #expect(try refusals(other).contains { $0.contains("of which the batch says nothing") })
    }
    let lying = try changed(refund) { psbt in
      let origin = try scene.origin(scene.descriptor, 1, 7)
      psbt.outputs[0].addDerivation(
        PSBTDerivation(
          key: try scene.master.descendant(origin.path).key.publicKey, origin: origin))
    }
    #expect(try refusals(lying) == [])
    let facts = try SigningJob(.batch(scene.batch([lying])), policy: scene.policy(anyRefund)).facts
    #expect(facts.first?.payments.map { $0.ownPath == nil } == [true, false])
  }

  @Test("an input whose value isn't proved is refused, unless every signature commits to it")
  func unprovenInputs() throws {
    let unproven = try changed(scene.refund()) { psbt in
      var other = PSBT(unsigned: psbt.transaction)
      other.inputs[0].witnessUTXO = psbt.spentOutput(ofInput: 0)
      for derivation in psbt.inputs[0].derivations { other.inputs[0].addDerivation(derivation) }
      other.outputs = psbt.outputs
      psbt = other
    }
    #expect(try refusals(unproven).contains { $0.contains("lacks the transaction") })
    let silent = try changed(scene.refund()) { psbt in
      var other = PSBT(unsigned: psbt.transaction)
      other.outputs = psbt.outputs
      psbt = other
    }
    #expect(try refusals(silent).contains { $0.contains("doesn't say what it spends") })
    let contradictory = try changed(scene.refund()) { psbt in
      var stated = try #require(psbt.spentOutput(ofInput: 0))
      stated.value += 1
      psbt.inputs[0].witnessUTXO = stated
    }
    #expect(try refusals(contradictory).contains { $0.contains("says two things") })
    let open = try changed(scene.refund()) { $0.inputs[0].sighashType = SighashType.none }
    #expect(
      try refusals(open).contains { $0.contains("leaves the transaction open to changes") })
    let psbt = try scene.psbt(
      paying: [SigningScene.output(SigningScene.payee, 1_500_000)], change: 498_590,
      from: scene.taproot)
    var taproot = try scene.refund()
    taproot.body = .bitcoin(psbt: psbt.bytes)
    #expect(try refusals(taproot) == [])
  }

  @Test(
    "one refund isn't paid by two outputs, nor to an address of ours; what spends nothing is none")
  func contradictions() throws {
    let output = try SigningScene.output(SigningScene.payee, 700_000)
    let psbt = try scene.psbt(paying: [output, output], change: 598_000)
    var twice = try scene.refund(value: 700_000)
    twice.body = .bitcoin(psbt: psbt.bytes)
    let described = try #require(twice.paymentsOut.first)
    twice.paymentsOut.append(described)
    let reason = "\(twice.id): It pays one refund twice."
    #expect(try refusals(twice) == [reason])
    twice.paymentsOut[1].refund?.id = SigningScene.id("ref", 2)
    #expect(try refusals(twice) == [])

    var ours = try scene.refund()
    let change = try #require(
      try SigningJob(.batch(scene.batch([ours])), policy: scene.policy(anyRefund)).facts.first?
        .payments.last)
    ours.paymentsOut.append(
      PaymentOut(
        refund: described.refund, address: change.address, asset: "BTC",
        amount: change.amount.minorUnits))
    ours.paymentsOut[1].refund?.id = SigningScene.id("ref", 2)
    #expect(try refusals(ours).contains { $0.contains("which is ours") })

    let job = try SigningJob(.batch(scene.batch([scene.refund()])), policy: scene.policy(anyRefund))
    var facts = try #require(job.facts.first)
    facts.slots = []
    let reasons = Judgement.refusals(
      facts, policy: job.policy, record: SigningRecord(), today: SigningScene.today)
    #expect(reasons == ["It uses up nothing that could be used once only."])
  }

  @Test("an input that belongs to none of the policy's accounts is refused")
  func foreignInputs() throws {
    let foreign = try changed(scene.refund()) { psbt in
      var other = PSBT(unsigned: psbt.transaction)
      other.inputs[0].nonWitnessUTXO = psbt.inputs[0].nonWitnessUTXO
      other.outputs = psbt.outputs
      psbt = other
    }
    #expect(
      try refusals(foreign).contains { $0.contains("belongs to none of the policy's accounts") })
  }

  @Test("fee, fee rate and the number of inputs have their limits")
  func fees() throws {
    var settings = anyRefund
    settings.fee = "0.00001410"
    #expect(try refusals(scene.refund(), settings) == [])
    settings.fee = "0.00001409"
    #expect(
      try refusals(scene.refund(), settings).contains { $0.contains("Its fee of 0.00001410") })
    // 1,410 sat over 141 virtual bytes.
    settings = anyRefund
    settings.feeRate = "10"
    #expect(try refusals(scene.refund(), settings) == [])
    settings.feeRate = "9.999"
    #expect(
      try refusals(scene.refund(), settings).contains {
        $0.contains("Its fee rate of 10.0 sat/vB is above the policy's 9.999 sat/vB")
      })
    for coins in [3, 4] {
      let value = UInt64(coins) * 2_000_000 - 502_000
      let psbt = try scene.psbt(
        paying: [SigningScene.output(SigningScene.payee, 500_000)], change: value, coins: coins)
      var many = try scene.refund()
      many.body = .bitcoin(psbt: psbt.bytes)
      many.paymentsOut[0].amount = 500_000
      #expect(
        try refusals(many).contains { $0.contains("It has 4 inputs") } == (coins == 4))
    }
    let overspent = try scene.psbt(
      paying: [SigningScene.output(SigningScene.payee, 1_500_000)], change: 500_001)
    var broke = try scene.refund()
    broke.body = .bitcoin(psbt: overspent.bytes)
    #expect(try refusals(broke).contains { $0.contains("It pays more than it spends") })
  }

  @Test("an output that no address stands for is refused")
  func outputs() throws {
    let data = TransactionOutput(value: 0, scriptPubKey: [0x6a, 0x01, 0x01])
    let psbt = try scene.psbt(
      paying: [SigningScene.output(SigningScene.payee, 1_500_000), data], change: 498_000)
    var refund = try scene.refund()
    refund.body = .bitcoin(psbt: psbt.bytes)
    #expect(try refusals(refund).contains { $0.contains("pays 0 sat to no address") })
  }

  @Test("a transaction may pay so much away, and an asset without limits may not be paid")
  func limits() throws {
    var settings = anyRefund
    settings.bitcoinLimit = #"{ asset: BTC, per_transaction: "0.015", per_day: "1" }"#
    #expect(try refusals(scene.refund(), settings) == [])
    #expect(
      try refusals(scene.refund(value: 1_500_001), settings).contains {
        $0.contains("It pays 0.01500001 BTC away; the policy allows 0.01500000 BTC")
      })
  }

  @Test("all reasons are told, and nothing of the transaction's own words is believed")
  func allReasons() throws {
    var settings = SigningScene.Settings()
    settings.fee = "0.000001"
    settings.feeRate = "1"
    settings.bitcoinLimit = #"{ asset: BTC, per_transaction: "0.001", per_day: "0.001" }"#
    #expect(try refusals(scene.refund(), settings).count == 5)
  }
}
