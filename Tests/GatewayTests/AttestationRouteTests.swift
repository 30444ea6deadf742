import Addresses
import Bitcoin
import Bytes
import ChainTypes
import Digests
import Ethereum
import GatewayFixtures
import HTTPServer
import JSON
import Keys
import LoopbackHTTP
import Payments
import Payouts
import Settlement
import Testing

@Suite("proving a refund's address over HTTP")
struct AttestationRouteTests {
  private func key(_ seed: UInt8) throws -> PrivateKey {
    try PrivateKey(SecretBytes(copying: [UInt8](repeating: seed, count: 32).span.bytes))
  }

  private func body(_ kind: String, signer: String, _ message: String, _ signature: String)
    -> String
  {
    let attestation = JSONValue.object([
      .init("kind", .string(kind)), .init("signer", .string(signer)),
      .init("message", .string(message)), .init("signature", .string(signature)),
    ])
    return #"{"kind":"full","address":"\#(signer)","attestation":\#(attestation.json)}"#
  }

  private var options: TestGateway.Options {
    var options = TestGateway.Options()
    options.policy.refunds.requiresAttestation = true
    return options
  }

  /// The statement of a refund of all that came.
  private func message(_ payment: JSONValue, to address: String) throws -> String {
    let id = try #require(payment["id"]?.string)
    return RefundStatement(
      payment: try #require(Identifier(id, prefix: "pay")), address: address,
      chain: try #require(payment["chain"]?.string.flatMap(ChainName.init)),
      asset: try #require(payment["asset"]?.string),
      amount: try #require(payment["received"]?.string)
    ).text
  }

  /// Refused with 422 and this in its reason, about the attestation.
  private func expectRefused(_ answer: Answer, _ reason: String) throws {
    try expect(answer, is: 422, "invalid-field", field: "attestation")
    #expect(answer.body.contains(reason), "\(answer.body)")
  }

  @Test("a BIP-0322 signature counts where it is its signer's, over this refund's statement")
  func bitcoin() async throws {
    try await TestGateway.run(options) { gateway in
      let id = try await gateway.made("order-1")
      try await gateway.chain.mine(.init(to: id, 130_000))
      try await gateway.chain.mineEmpty(5)
      let payment = try await gateway.payment(id)
      let (owner, other) = (try key(1), try key(2))
      func address(_ key: PrivateKey) -> String {
        BitcoinAddress(.p2wpkh(key.publicKey.hash160), network: .regtest).text
      }
      func signature(_ message: String, by key: PrivateKey) throws -> String {
        try #require(
          MessageSignature(
            of: Array(message.utf8), by: .p2wpkh(key.publicKey.hash160), key: key)
        ).text
      }
      let wanted = address(owner)
      let (own, foreign) = (
        try message(payment, to: wanted), try message(payment, to: address(other))
      )
      func send(
        _ message: String, _ signature: String, as kind: String = "bip322"
      ) async throws -> Answer {
        try await gateway.refund(id, body(kind, signer: wanted, message, signature))
      }
      let good = try signature(own, by: owner)
      try expectRefused(try await send(own, signature(own, by: other)), "isn't \(wanted)'s")
      try expectRefused(try await send(own, signature(foreign, by: owner)), "isn't \(wanted)'s")
      try expectRefused(
        try await send(foreign, signature(foreign, by: owner)), "the message signed must be")
      try expectRefused(try await send(own, good, as: "eip191"), "isn't how messages are signed")
      let answer = try await send(own, good)
      try #require(answer.status == 201, "\(answer.body)")
      let refund = try answer.json()
      #expect(refund["attested"] == true && refund["address"] == .string(wanted))
      #expect(refund["amount_minor"] == "130000" && refund["status"] == "approved")
    }
  }

  @Test("so does an EIP-191 signature on an EVM chain")
  func ethereum() async throws {
    var options = options
    options.chain = try ChainByHand.ethereumSpec()
    try await TestGateway.run(options) { gateway in
      let order =
        #"{"order_id":"o","asset":"ETH","chain":"ethereum-dev","amount":"0.0000000000001"}"#
      let created = try await gateway.create(order)
      let id = try #require(try created.json()["id"]?.string, "\(created.body)")
      try await gateway.chain.mine(.init(to: id, 130_000))
      try await gateway.chain.mineEmpty(5)
      let payment = try await gateway.payment(id)
      let (owner, other) = (try key(1), try key(2))
      func signature(_ message: String, by key: PrivateKey) -> String {
        let signature = key.signature(over: PersonalMessage.hash(Array(message.utf8)))
        return "0x"
          + Hex.encode(signature.r.bytes + signature.s.bytes + [signature.isOdd ? 28 : 27])
      }
      let wanted = EthereumAddress(owner.publicKey).text
      let (own, foreign) = (
        try message(payment, to: wanted),
        try message(payment, to: EthereumAddress(other.publicKey).text)
      )
      func send(
        _ message: String, _ signature: String, as kind: String = "eip191"
      ) async throws -> Answer {
        try await gateway.refund(id, body(kind, signer: wanted, message, signature))
      }
      let good = signature(own, by: owner)
      try expectRefused(try await send(own, signature(own, by: other)), "isn't \(wanted)'s")
      try expectRefused(try await send(own, signature(foreign, by: owner)), "isn't \(wanted)'s")
      try expectRefused(
        try await send(foreign, signature(foreign, by: owner)), "the message signed must be")
      try expectRefused(try await send(own, good, as: "bip322"), "isn't how messages are signed")
      let answer = try await send(own, good)
      try #require(answer.status == 201, "\(answer.body)")
      let refund = try answer.json()
      #expect(refund["attested"] == true && refund["address"] == .string(wanted))
      #expect(refund["amount_minor"] == "130000" && refund["status"] == "approved")
    }
  }
}
