import Addresses
import Bitcoin
import Bytes
import ChainTypes
import Database
import Digests
import Ethereum
import Keys
import Payments
import Payouts
import Settlement
import Testing
import Watching

@Suite("Approvals that people sign")
struct ApprovalTests {
  private static let payee = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"

  private static func key(_ seed: UInt8) throws -> PrivateKey {
    try PrivateKey(SecretBytes(copying: [UInt8](repeating: seed, count: 32).span.bytes))
  }

  /// Anna signs with an EVM account, ben with a Bitcoin address.
  private static func approvers() throws -> RefundApprovers {
    RefundApprovers([
      "anna": EthereumAddress(try key(1).publicKey).text,
      "ben": BitcoinAddress(.p2wpkh(try key(2).publicKey.hash160), network: .regtest).text,
    ])
  }

  private struct Scene {
    let world: World
    let payment: Payment
    let service: RefundService

    func request(
      _ amount: UInt256 = 1_000, by name: String = "shop", proved: Bool = true,
      attestation: RefundAttestation? = nil, number: UInt64 = 1
    ) async throws -> Refund {
      let request = RefundRequest(
        payment: payment.terms.id, kind: .partial, amount: amount, address: ApprovalTests.payee,
        attestation: attestation, requestedBy: name, isRequesterProved: proved)
      let (service, now) = (service, world.now)
      return try await world.database.write {
        try service.request(
          request, tenant: World.tenant, now: now, random: (number, number), in: $0)
      }
    }

    func approve(
      _ refund: Refund, by name: String, _ signature: String?, as other: RefundService? = nil
    ) async throws -> Refund {
      let (service, now) = (other ?? service, world.now)
      return try await world.database.write {
        try service.approve(
          refund.terms.id, by: name, signature: signature, tenant: nil, now: now, in: $0)
      }
    }
  }

  private func scene(approvals: Int = 1) async throws -> Scene {
    var policy = TenantPolicy()
    policy.refunds.approvals = approvals
    policy.refunds.approvers = try Self.approvers()
    let world = try await World.make(policy: policy)
    let payment = try await world.create(world.request("order-1"))
    try await world.mine(.init(transaction: "t", ordinal: payment.terms.ordinal, value: 130_000))
    try await world.mineEmpty(5)
    return Scene(
      world: world, payment: payment,
      service: RefundService(specs: [world.spec], policies: [World.tenant: policy]))
  }

  private func text(_ refund: Refund, _ name: String) throws -> String {
    try #require(ApprovalStatement(approving: refund.terms, by: name)).text
  }

  private func annas(_ text: String) throws -> String {
    PersonalMessage.signature(of: Array(text.utf8), by: try Self.key(1))
  }

  private func bens(_ text: String) throws -> String {
    let key = try Self.key(2)
    return try #require(
      MessageSignature(of: Array(text.utf8), by: .p2wpkh(key.publicKey.hash160), key: key)
    ).text
  }

  @Test("only a listed key's signature under just this refund is an approval")
  func signed() async throws {
    let scene = try await scene()
    let refund = try await scene.request()
    let other = try await scene.request(1_001, number: 2)
    #expect(refund.terms.approvalsNeeded == 1 && refund.status == .requested)
    let statement = try text(refund, "anna")
    await #expect(throws: RefundRefusal.approvalUnsigned(statement: statement)) {
      _ = try await scene.approve(refund, by: "anna", nil)
    }
    await #expect(throws: RefundRefusal.unknownApprover("eve")) {
      _ = try await scene.approve(refund, by: "eve", annas(text(refund, "eve")))
    }
    // Of another refund with another amount, of another name, by another key, and of none.
    for signature in [
      try annas(text(other, "anna")), try annas(text(refund, "ben")), try bens(statement), "", "0x",
    ] {
      await #expect(throws: RefundRefusal.self) {
        _ = try await scene.approve(refund, by: "anna", signature)
      }
    }
    // Neither does a fact get around it, nor a command that knows no approvers.
    let now = scene.world.now
    for service in [scene.service, RefundService(specs: [], policies: [:])] {
      await #expect(throws: RefundRefusal.self) {
        try await scene.world.database.write {
          _ = try service.decide(
            .approved(by: "anna"), on: refund.terms.id, tenant: nil, now: now, in: $0)
        }
      }
    }
    let approved = try await scene.approve(refund, by: "anna", annas(statement))
    #expect(approved.status == .approved)
    let proof = try #require(approved.approvals.first?.proof)
    #expect(proof.message == statement && proof.verifiedSigner() == proof.signer)
    #expect(
      try await scene.approve(other, by: "ben", bens(text(other, "ben"))).status == .approved)
    let replayed = try await scene.world.database.read { try ReplayCheck.report(in: $0) }
    #expect(replayed.found.isEmpty)
  }

  @Test("who asks by name alone, or with a key of the approvers', isn't one of the four eyes")
  func requesters() async throws {
    let scene = try await scene()
    // Over HTTP the API key has shown who asks.
    #expect(try await scene.request().terms.approvalsNeeded == 1)
    let named = try await scene.request(by: "anna", proved: false, number: 2)
    #expect(named.terms.approvalsNeeded == 2)
    let terms = scene.payment.terms
    let statement = RefundStatement(
      payment: try #require(Identifier(terms.id, prefix: "pay")), address: Self.payee,
      chain: terms.chain, asset: terms.asset.symbol, amount: "0.00003000"
    ).text
    let signer = try #require(Self.approvers().signers["anna"])
    let attestation = RefundAttestation(
      kind: .eip191, signer: signer, message: statement, signature: try annas(statement))
    let attested = try await scene.request(
      by: "anna", proved: false, attestation: attestation, number: 3)
    #expect(attested.terms.approvalsNeeded == 1)
    // Under whatever name: the key that asked doesn't approve.
    let lent = try await scene.request(
      by: "carl", proved: false,
      attestation: RefundAttestation(
        kind: .eip191, signer: signer, message: statement.replacing("3000", with: "4000"),
        signature: try annas(statement.replacing("3000", with: "4000"))), number: 4)
    #expect(lent.terms.approvalsNeeded == 2)
    for refund in [attested, lent] {
      await #expect(throws: RefundRefusal.sameApprover("anna")) {
        _ = try await scene.approve(refund, by: "anna", annas(text(refund, "anna")))
      }
    }
    #expect(
      try await scene.approve(attested, by: "ben", bens(text(attested, "ben"))).status == .approved)
  }

  @Test("no transaction is made on approvals whose keys aren't listed any more")
  func building() async throws {
    let scene = try await scene()
    let refund = try await scene.request()
    _ = try await scene.approve(refund, by: "anna", annas(text(refund, "anna")))
    let remaining = RefundApprovers(try Self.approvers().signers.filter { $0.key == "ben" })
    let approved = try await scene.world.database.read {
      try RefundRecords.load(refund.terms.id, locking: false, in: $0)
    }
    for (approvers, isLeft) in [(try Self.approvers(), false), (remaining, true)] {
      let payouts = try #require(
        BitcoinPayouts(
          spec: scene.world.spec,
          limits: .init(
            floor: FeeRate(satoshiPerKvB: 1_000), ceiling: FeeRate(satoshiPerKvB: 5_000),
            maximumFee: 10_000, maximumInputs: 10, minimumChange: 1_000), approvers: approvers))
      let order = BitcoinPayouts.Order(
        tenant: World.tenant, feeRate: FeeRate(satoshiPerKvB: 1_000), now: scene.world.now,
        random: (1, 1))
      #expect(approved?.status == .approved)
      do {
        let left = try await scene.world.database.write {
          try payouts.payRefunds(order, in: $0).left
        }
        #expect(isLeft)
        #expect(left.map(\.subject) == [refund.terms.id])
        #expect(left.first?.reason.contains("0 of the approvals that it takes (1)") == true)
      } catch is BitcoinPayouts.Failure {
        // The world has no treasury: it came as far as looking for change.
        #expect(!isLeft)
      }
    }
  }

  @Test("where nobody is listed names are approvals, as they are recorded")
  func names() async throws {
    var policy = TenantPolicy()
    policy.refunds.approvals = 1
    let world = try await World.make(policy: policy)
    let payment = try await world.create(world.request("order-1"))
    try await world.mine(.init(transaction: "t", ordinal: payment.terms.ordinal, value: 130_000))
    try await world.mineEmpty(5)
    let scene = Scene(
      world: world, payment: payment,
      service: RefundService(specs: [world.spec], policies: [World.tenant: policy]))
    let refund = try await scene.request(by: "ada", proved: false)
    #expect(refund.terms.approvalsNeeded == 1)
    #expect(try await scene.approve(refund, by: "bob", nil).status == .approved)
    let facts = try await world.database.read {
      try $0.query("SELECT fact FROM refund_facts").map { try $0.text("fact") }
    }
    #expect(facts == [#"{"approved":{"by":"bob"}}"#])
  }
}
