import Addresses
import Bytes
import ChainTypes
import Ethereum
import Keys
import Payments
import Payouts
import Signing
import Testing

@Suite("what may be signed on EVM chains")
struct EthereumRulesTests {
  let scene: SigningScene

  init() throws { scene = try SigningScene() }

  private func settings() -> SigningScene.Settings {
    var settings = SigningScene.Settings()
    settings.refunds = "any"
    return settings
  }

  private func refusals(
    _ change: (inout EthereumOffer) throws -> Void = { _ in },
    _ settings: SigningScene.Settings? = nil
  ) throws -> [String] {
    var offer = try scene.offer()
    try change(&offer)
    return try scene.refusals(
      scene.ethereumBatch([scene.tokenRefund(offer)]), settings ?? self.settings())
  }

  @Test("a transfer of a listed token is let through as what it is")
  func token() throws {
    #expect(try refusals() == [])
  }

  @Test("call data that isn't exactly a transfer of a listed token is refused")
  func callData() throws {
    let changes: [((inout EthereumOffer) throws -> Void, String)] = [
      ({ $0.data[0] ^= 1 }, "something else than a transfer"),
      ({ $0.data.append(0) }, "something else than a transfer"),
      (
        { offer in
          offer.data = TokenCall.balanceOf(offer.from).encoded
        }, "something else than a transfer"
      ),
      ({ $0.data[67] ^= 1 }, "but it doesn't"),
      ({ $0.data[35] ^= 1 }, "but it doesn't"),
      ({ $0.nonce = .max }, "No transaction has its nonce"),
      ({ $0.value = 1 }, "It sends the coin to USDC's contract, too"),
      (
        { $0.to = try EthereumAddress("0x000000000000000000000000000000000000dEaD") },
        "is no token that ethereum lists"
      ),
      ({ $0.to = try EthereumAddress("0xdAC17F958D2ee523a2206206994597C13D831ec7") }, "but it"),
    ]
    for (change, reason) in changes {
      let refusals = try refusals(change)
      #expect(refusals.contains { $0.contains(reason) }, "\(reason): \(refusals)")
    }
  }

  @Test("gas, its price and the whole fee have their limits")
  func fees() throws {
    #expect(try refusals { $0.gas = 100_000 } == [])
    #expect(try refusals { $0.gas = 100_001 }.contains { $0.contains("may use 100001 gas") })
    #expect(try refusals { $0.caps.maxFeePerGas = 40_000_000_000 } == [])
    #expect(
      try refusals { $0.caps.maxFeePerGas = 40_000_000_001 }.contains {
        $0.contains("It offers 40.000000001 gwei for each gas; the policy allows 40.000000000 gwei")
      })
    #expect(
      try refusals { $0.caps.maxPriorityFeePerGas = 31_000_000_001 }.contains {
        $0.contains("Its tip is higher")
      })
    var settings = settings()
    (settings.gas, settings.gasPrice) = ("1000000", "1000")
    #expect(
      try refusals({ $0.gas = 400_000 }, settings).contains { $0.contains("Its fee of 0.0124") })
    #expect(
      try refusals({ $0.caps.maxFeePerGas = .max }, settings).contains {
        $0.contains("Its fee can't be told")
      })
  }

  @Test("the sender must be an account of the policy's, at the path that is claimed")
  func sender() throws {
    let other = try scene.account.onBranch(1).address(at: 1)
    #expect(try refusals { $0.from = other }.contains { $0.contains("none of the policy's") })
    #expect(
      try refusals { $0.path = try DerivationPath("m/44h/60h/0h/1/1") }
        .contains { $0.contains("none of the policy's") })
    #expect(
      try refusals {
        $0.from = other
        $0.path = try DerivationPath("m/44h/60h/0h/1/1")
      } == [])
    #expect(
      try refusals {
        $0.path = try DerivationPath(SigningScene.operatorPath)
        $0.from = try EthereumAddress(scene.ethereumAddress(SigningScene.operatorPath))
      }.contains { $0.contains("none of the policy's") })
  }

  @Test("gas goes to an account of ours, however far out, by the path that leads there")
  func gas() throws {
    func gas(to address: EthereumAddress, at path: String?) throws -> [String] {
      let offer = try scene.offer(to: address.text, value: 1_000_000_000_000_000, data: [])
      let transaction = UnsignedTransaction(
        id: SigningScene.id("out", 6), purpose: .gas, body: .ethereum(offer),
        paymentsOut: [
          PaymentOut(
            refund: nil, address: address.text, asset: "ETH", amount: 1_000_000_000_000_000,
            path: try path.map { try DerivationPath($0) })
        ])
      return try scene.refusals(scene.ethereumBatch([transaction]), settings())
    }
    let far = try scene.account.address(at: 123_456)
    #expect(try gas(to: far, at: "m/44h/60h/0h/0/123456") == [])
    // Without its path nobody knows that it is ours, and a false one is told.
    #expect(try gas(to: far, at: nil).contains { $0.contains("own accounts") })
    for path in ["m/44h/60h/0h/0/123457", "m/44h/60h/1h/0/123456", "m/44h/60h/0h/0/1000000"] {
      let refusals = try gas(to: far, at: path)
      #expect(refusals.contains { $0.contains("said to pay ourselves at \(path)") })
      #expect(refusals.contains { $0.contains("own accounts") })
    }
    let stranger = try scene.ethereumAddress(SigningScene.ethereumPayerPath)
    #expect(
      try gas(to: EthereumAddress(stranger), at: "m/44h/60h/0h/0/7")
        .contains { $0.contains("own accounts") })
  }

  @Test("a nonce may be used up for nothing, and by that alone; it is told as what it is")
  func void() throws {
    let own = try scene.account.onBranch(1).address(at: 0)
    func batch(
      _ purpose: UnsignedTransaction.Purpose = .void, path: String? = "m/44h/60h/0h/1/0",
      _ change: (inout EthereumOffer, inout PaymentOut) throws -> Void = { _, _ in }
    ) throws -> UnsignedBatch {
      var offer = try scene.offer(to: own.text, data: [])
      offer.gas = 26_250
      var payment = PaymentOut(
        refund: nil, address: own.text, asset: "ETH", amount: .zero,
        path: try path.map { try DerivationPath($0) })
      try change(&offer, &payment)
      return try scene.ethereumBatch([
        UnsignedTransaction(
          id: SigningScene.id("out", 7), replaces: SigningScene.id("out", 5), purpose: purpose,
          body: .ethereum(offer), paymentsOut: [payment])
      ])
    }
    #expect(try scene.refusals(batch(), settings()) == [])
    let words = try SigningJob(.batch(batch()), policy: scene.policy(settings())).words
    #expect(words.contains { $0.contains("nonce 9") })
    #expect(words.contains { $0.contains("moves nothing, and uses the nonce up") }, "\(words)")

    func expectRefused(
      _ batch: UnsignedBatch, _ reason: String, _ location: SourceLocation = #_sourceLocation
    ) throws {
      let refusals = try scene.refusals(batch, settings())
      #expect(refusals.contains { $0.contains(reason) }, "\(refusals)", sourceLocation: location)
    }
    for other in [UnsignedTransaction.Purpose.refund, .sweep, .gas, .withdrawal] {
      try expectRefused(batch(other), "It pays nothing")
    }
    let more = "it does more than to use up a nonce"
    try expectRefused(
      batch { offer, payment in
        offer.value = 1
        payment.amount = 1
      }, more)
    let next = try scene.account.onBranch(1).address(at: 1)
    try expectRefused(
      batch(path: "m/44h/60h/0h/1/1") { offer, payment in
        offer.to = next
        payment.address = next.text
      }, more)
    // Without its path nobody knows that the account is ours.
    try expectRefused(batch(path: nil), more)
    try expectRefused(
      batch { offer, payment in
        offer.to = try EthereumAddress(SigningScene.usdc)
        offer.data = TokenCall.transfer(to: own, value: .zero).encoded
        payment.asset = "USDC"
        payment.contract = try EthereumAddress(SigningScene.usdc).hash
      }, more)
    // Its fee has the limits of all fees.
    try expectRefused(batch { offer, _ in offer.gas = 100_001 }, "may use 100001 gas")
    let refund = UnsignedTransaction(
      id: SigningScene.id("out", 8), purpose: .void,
      body: try scene.tokenRefund(scene.offer()).body,
      paymentsOut: try scene.tokenRefund(scene.offer()).paymentsOut)
    try expectRefused(scene.ethereumBatch([refund]), more)
  }

  @Test("a batch for another chain id isn't even judged")
  func chainID() throws {
    let batch = try scene.ethereumBatch([scene.tokenRefund(scene.offer())], chainID: 10)
    #expect(throws: SigningJob.Failure.wrongChainID(10, expected: 1)) {
      try SigningJob(.batch(batch), policy: scene.policy())
    }
  }

  @Test("an attestation by the account that is paid lets a refund through")
  func attestation() throws {
    let address = try scene.ethereumAddress(SigningScene.ethereumPayerPath)
    let attestation = try scene.attestation(
      address: address, chain: "ethereum", asset: "USDC", kind: .eip191,
      path: SigningScene.ethereumPayerPath)
    let refund = try scene.tokenRefund(scene.offer(), attestation: attestation)
    #expect(try scene.refusals(scene.ethereumBatch([refund])) == [])
    // The other parity is another key's.
    let parity = attestation.signature.hasSuffix("1b") ? "1c" : "1b"
    let other = RefundAttestation(
      kind: attestation.kind, signer: attestation.signer, message: attestation.message,
      signature: String(attestation.signature.dropLast(2)) + parity)
    let forged = try scene.tokenRefund(scene.offer(), attestation: other)
    #expect(
      try scene.refusals(scene.ethereumBatch([forged])).contains {
        $0.contains("the signature under its statement isn't")
      })
  }
}
