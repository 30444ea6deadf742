import Payments
import Payouts
import Signing
import Testing

@Suite("approvals that a policy wants")
struct ApprovalRulesTests {
  let scene: SigningScene
  private static let second = "m/44h/60h/9h/0/7"

  init() throws { scene = try SigningScene() }

  /// Two operators, of whom so many must approve.
  private func settings(_ approvals: Int, attesters: String? = nil) throws -> SigningScene.Settings
  {
    var settings = SigningScene.Settings()
    settings.refunds = attesters == nil ? "any" : "attested"
    settings.attesters = attesters ?? "payers"
    settings.more = """
      operators:
        - "\(try scene.ethereumAddress(SigningScene.operatorPath))"
        - "\(try scene.address(Self.second))"
      approvals: \(approvals)
      """
    return settings
  }

  private func refusals(
    _ approvals: [RefundAttestation], _ settings: SigningScene.Settings,
    attestation: RefundAttestation? = nil
  ) throws -> [String] {
    try scene.refusals(
      scene.batch([scene.refund(attestation: attestation, approvals: approvals)]), settings)
  }

  private func isRefused(_ refusals: [String], _ count: Int, of needed: Int) -> Bool {
    refusals.contains {
      $0.contains("\(count) of the policy's operators approved it, and \(needed) must")
    }
  }

  @Test("as many operators as the policy says must have approved, with keys of either family")
  func counted() throws {
    let first = try scene.approval(address: SigningScene.payee)
    let second = try scene.approval(
      address: SigningScene.payee, kind: .bip322, path: Self.second)
    #expect(try refusals([], settings(0)) == [])
    #expect(try isRefused(refusals([], settings(1)), 0, of: 1))
    #expect(try refusals([first], settings(1)) == [])
    #expect(try isRefused(refusals([first, first], settings(2)), 1, of: 2))
    #expect(try refusals([first, second], settings(2)) == [])
  }

  @Test("what approves another refund, address or amount, or is nobody's, counts for nothing")
  func worthless() throws {
    let sound = try scene.approval(address: SigningScene.payee)
    let stranger = try scene.approval(
      address: SigningScene.payee, path: SigningScene.ethereumPayerPath)
    let approvals = [
      try scene.approval(refund: 2, address: SigningScene.payee),
      try scene.approval(address: scene.address(SigningScene.payerPath)),
      try scene.approval(address: SigningScene.payee, amount: "0.01499999"),
      try scene.approval(address: SigningScene.payee, chain: "bitcoin"),
      try scene.approval(address: SigningScene.payee, asset: "ETH"), stranger,
      // The stranger's signature under the operator's name, and the operator's under other words.
      RefundAttestation(
        kind: .eip191, signer: sound.signer, message: sound.message, signature: stranger.signature),
      RefundAttestation(
        kind: .eip191, signer: sound.signer,
        message: sound.message.replacing("anna", with: "eve"), signature: sound.signature),
      try scene.signed("yes", .eip191, path: SigningScene.operatorPath),
    ]
    for approval in approvals {
      #expect(try isRefused(refusals([approval], settings(1)), 0, of: 1), "\(approval)")
    }
    // More may be approved than is paid: the payee may bear the fee.
    let more = try scene.approval(address: SigningScene.payee, amount: "0.01600000")
    #expect(try refusals([more], settings(1)) == [])
  }

  @Test("who attested a refund asked for it, and is no approver of it")
  func attester() throws {
    let attestation = try scene.attestation(
      address: SigningScene.payee, chain: "bitcoin-regtest", asset: "BTC", kind: .eip191,
      path: SigningScene.operatorPath)
    let own = try scene.approval(address: SigningScene.payee)
    let settings = try settings(1, attesters: "operators")
    #expect(try isRefused(refusals([own], settings, attestation: attestation), 0, of: 1))
    let other = try scene.approval(
      address: SigningScene.payee, kind: .bip322, path: Self.second)
    #expect(try refusals([own, other], settings, attestation: attestation) == [])
  }

  @Test("the words tell who of the operators approved")
  func words() throws {
    let batch = try scene.batch([
      scene.refund(approvals: [scene.approval(address: SigningScene.payee)])
    ])
    let job = try SigningJob(.batch(batch), policy: scene.policy(settings(1)))
    let approver = try scene.ethereumAddress(SigningScene.operatorPath)
    #expect(job.words.contains { $0.contains("approved by the operator \(approver)") })
  }
}
