import Addresses
import Bytes
import Digests
import Ethereum
import GatewayFixtures
import HTTPServer
import JSON
import Keys
import LoopbackHTTP
import Settlement
import Testing

@Suite("approving refunds over HTTP")
struct ApprovalRouteTests {
  private static let address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
  private static let body = #"{"kind":"full","address":"\#(address)"}"#

  private func paid(_ gateway: TestGateway) async throws -> String {
    let id = try await gateway.made("order-1")
    try await gateway.chain.mine(.init(to: id, 130_000))
    try await gateway.chain.mineEmpty(5)
    return id
  }

  @Test("a key of the tenant's approves nothing by itself, a listed person's signature does")
  func approving() async throws {
    var options = TestGateway.Options()
    options.policy.refunds.approvals = 1
    let key = try PrivateKey(
      SecretBytes(copying: [UInt8](repeating: 7, count: 32).span.bytes))
    options.policy.refunds.approvers = RefundApprovers([
      "anna": EthereumAddress(key.publicKey).text
    ])
    try await TestGateway.run(options) { gateway in
      let id = try await paid(gateway)
      let made = try await gateway.refund(id, Self.body).json()
      #expect(made["status"] == "requested" && made["approvals_needed"] == 1)
      let refund = try #require(made["id"]?.string)
      func approve(_ name: String, _ signature: String) async throws -> Answer {
        try await gateway.send(
          "POST", "/v1/refunds/\(refund)/approve",
          body: #"{"by":"\#(name)","signature":"\#(signature)"}"#)
      }
      let statement = """
        Paywatch approval
        refund: \(refund)
        payment: \(id)
        address: \(Self.address)
        chain: \(try #require(made["chain"]?.string))
        asset: BTC
        amount: 0.00130000
        approver: anna
        """
      let signature = PersonalMessage.signature(of: Array(statement.utf8), by: key)
      try expect(try await approve("eve", signature), is: 409, "unknown-approver")
      try expect(
        try await approve("anna", "0x00"), is: 422, "invalid-field", field: "signature")
      let approved = try await approve("anna", signature)
      #expect(approved.status == 200, "\(approved.body)")
      #expect(try approved.json()["status"] == "approved")
      try expect(try await approve("anna", signature), is: 409, "not-approvable")
    }
    // Without listed approvers nobody can be told from anybody.
    options.policy.refunds.approvers = RefundApprovers()
    try await TestGateway.run(options) { gateway in
      let id = try await paid(gateway)
      let refund = try await gateway.refund(id, Self.body).json()["id"]?.string ?? ""
      let answer = try await gateway.send(
        "POST", "/v1/refunds/\(refund)/approve", body: #"{"by":"anna","signature":"0x00"}"#)
      try expect(answer, is: 409, "unknown-approver")
    }
  }
}
