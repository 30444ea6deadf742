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

/// Signed messages that name a refund's address, as wallets make them.
@Suite("Attested refunds")
struct AttestationTests {
  private func key(_ seed: UInt8) throws -> PrivateKey {
    try PrivateKey(SecretBytes(copying: [UInt8](repeating: seed, count: 32).span.bytes))
  }

  private func statement(
    _ payment: Payment, _ address: String, _ amount: UInt256
  ) throws -> String {
    let terms = payment.terms
    return RefundStatement(
      payment: try #require(Identifier(terms.id, prefix: "pay")), address: address,
      chain: terms.chain, asset: terms.asset.symbol,
      amount: Amount(minorUnits: amount, asset: terms.asset).units
    ).text
  }

  /// Whether it is refused as invalid, with a reason that begins so.
  private func isInvalid(
    _ reason: String, _ body: () async throws -> Refund
  ) async throws -> Bool {
    do {
      _ = try await body()
      return false
    } catch RefundRefusal.attestationInvalid(let why) {
      return why.hasPrefix(reason)
    }
  }

  // MARK: Bitcoin

  private func simple(
    _ message: String, by key: PrivateKey, _ output: OutputScript? = nil, as signer: String? = nil
  ) throws -> RefundAttestation {
    let output = output ?? .p2wpkh(key.publicKey.hash160)
    let signature = try #require(
      MessageSignature(of: Array(message.utf8), by: output, key: key))
    return RefundAttestation(
      kind: .bip322, signer: signer ?? BitcoinAddress(output, network: .regtest).text,
      message: message, signature: signature.text)
  }

  @Test("on Bitcoin a message is signed as BIP-0322's simple form has it, by just that address")
  func bitcoin() async throws {
    var policy = TenantPolicy()
    policy.refunds.requiresAttestation = true
    let world = try await World.make(policy: policy)
    let payment = try await world.create(world.request("order-1"))
    try await world.mine(
      .init(transaction: "t", ordinal: payment.terms.ordinal, value: 130_000))
    try await world.mineEmpty(5)
    var service = RefundService(specs: [world.spec], policies: [World.tenant: policy])
    let now = world.now
    let (owner, other) = (try key(1), try key(2))
    func address(_ key: PrivateKey) -> String {
      BitcoinAddress(.p2wpkh(key.publicKey.hash160), network: .regtest).text
    }
    let wanted = address(owner)
    func request(_ attestation: RefundAttestation?) async throws -> Refund {
      let request = RefundRequest(
        payment: payment.terms.id, kind: .partial, amount: 1_000, address: wanted,
        attestation: attestation, requestedBy: "shop")
      let service = service
      return try await world.database.write {
        try service.request(
          request, tenant: World.tenant, now: now,
          random: (.random(in: 0 ... .max), 1), in: $0)
      }
    }
    // As much as both that are requested below come to.
    let message = try statement(payment, wanted, 2_000)
    await #expect(throws: RefundRefusal.attestationMissing) { _ = try await request(nil) }

    // Another's signature under the owner's name.
    let forged = try simple(message, by: other, as: wanted)
    #expect(try await isInvalid("the signature isn't \(wanted)'s") { try await request(forged) })
    // The owner's signature, but under another statement.
    let elsewhere = try simple(statement(payment, address(other), 2_000), by: owner)
    #expect(
      try await isInvalid("the message signed must be: ") { try await request(elsewhere) })
    let less = try simple(statement(payment, wanted, 999), by: owner)
    #expect(try await isInvalid("the message signed must be: ") { try await request(less) })
    let borrowed = RefundAttestation(
      kind: .bip322, signer: wanted, message: message, signature: elsewhere.signature)
    #expect(try await isInvalid("the signature isn't") { try await request(borrowed) })
    // Of the other family, of no network of this chain's, and none at all.
    let personal = try signed(message, by: owner)
    #expect(try await isInvalid("eip191 isn't how") { try await request(personal) })
    let mainnet = try simple(
      message, by: owner,
      as: BitcoinAddress(.p2wpkh(owner.publicKey.hash160), network: .mainnet).text)
    #expect(try await isInvalid("the signature isn't") { try await request(mainnet) })
    for signature in ["", "AA==", String(repeating: "A", count: 2_049)] {
      let empty = RefundAttestation(
        kind: .bip322, signer: wanted, message: message, signature: signature)
      #expect(try await isInvalid("the signature is") { try await request(empty) })
    }
    #expect(try await world.count("refunds") == 0)

    let good = try simple(message, by: owner)
    let refund = try await request(good)
    #expect(refund.terms.attestation == good && refund.status == .approved)
    // Anybody has a key: only a listed approver's counts beside the address's own, a taproot one,
    // too.
    let tweaked = try #require(other.publicKey.xOnly.tapTweaked())
    let taproot = try simple(message, by: other, .p2tr(tweaked.bytes))
    #expect(try await isInvalid("\(taproot.signer) is neither") { try await request(taproot) })
    policy.refunds.approvers = RefundApprovers(["anna": taproot.signer])
    service = RefundService(specs: [world.spec], policies: [World.tenant: policy])
    #expect(try await request(taproot).terms.attestation == taproot)
    // It is used up.
    #expect(try await isInvalid("the message signed must be: ") { try await request(good) })
  }

  // MARK: EVM chains

  private func signed(
    _ message: String, by key: PrivateKey, as signer: String? = nil, v: UInt8 = 27
  ) throws -> RefundAttestation {
    let signature = key.signature(over: PersonalMessage.hash(Array(message.utf8)))
    return RefundAttestation(
      kind: .eip191, signer: signer ?? EthereumAddress(key.publicKey).text, message: message,
      signature: "0x"
        + Hex.encode(signature.r.bytes + signature.s.bytes + [v + (signature.isOdd ? 1 : 0)]))
  }

  @Test("on EVM chains a message is signed as EIP-191 has it, by just that account")
  func ethereum() async throws {
    let scene = try await EthereumScene(hasTreasury: true)
    let payment = try await scene.overpaid()
    var policy = TenantPolicy()
    policy.refunds.requiresAttestation = true
    let (service, now) = (
      RefundService(specs: [scene.chain.spec], policies: ["shop": policy]), scene.treasury.now()
    )
    let (owner, other) = (try key(1), try key(2))
    let wanted = EthereumAddress(owner.publicKey).text
    func request(_ attestation: RefundAttestation?) async throws -> Refund {
      let request = RefundRequest(
        payment: payment.terms.id, kind: .partial, amount: 100, address: wanted,
        attestation: attestation, requestedBy: "shop")
      return try await scene.database.write {
        try service.request(
          request, tenant: "shop", now: now, random: (.random(in: 0 ... .max), 1), in: $0)
      }
    }
    let message = try statement(payment, wanted, 200)
    await #expect(throws: RefundRefusal.attestationMissing) { _ = try await request(nil) }
    let forged = try signed(message, by: other, as: wanted)
    #expect(try await isInvalid("the signature isn't \(wanted)'s") { try await request(forged) })
    let elsewhere = try signed(
      statement(payment, EthereumAddress(other.publicKey).text, 200), by: owner)
    #expect(
      try await isInvalid("the message signed must be: ") { try await request(elsewhere) })
    let borrowed = RefundAttestation(
      kind: .eip191, signer: wanted, message: message, signature: elsewhere.signature)
    #expect(try await isInvalid("the signature isn't") { try await request(borrowed) })
    let (good, simple) = (try signed(message, by: owner), try simple(message, by: owner))
    #expect(try await isInvalid("bip322 isn't how") { try await request(simple) })
    for signature in ["", "0x", String(good.signature.dropLast(2)), good.signature + "00"] {
      let broken = RefundAttestation(
        kind: .eip191, signer: wanted, message: message, signature: signature)
      #expect(try await isInvalid("the signature isn't") { try await request(broken) })
    }
    #expect(try await request(good).terms.attestation == good)
    // Some wallets count from nought.
    let bare = try signed(message, by: owner, v: 0)
    #expect(try await request(bare).terms.attestation == bare)
  }
}
