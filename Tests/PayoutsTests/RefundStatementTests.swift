import Bytes
import ChainTypes
import Payments
import Payouts
import Testing

@Suite("refund statements")
struct RefundStatementTests {
  private func statement() throws -> RefundStatement {
    RefundStatement(
      payment: SampleBatches.id("pay", 3), address: "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu",
      chain: try #require(ChainName("bitcoin")), asset: "BTC", amount: "0.00150000")
  }

  @Test("the text is the documented one, and comes back")
  func text() throws {
    let statement = try statement()
    #expect(
      statement.text == """
        Paywatch refund
        payment: \(statement.payment)
        address: bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu
        chain: bitcoin
        asset: BTC
        amount: 0.00150000
        """)
    #expect(RefundStatement(statement.text) == statement)
  }

  @Test("the amount is one of the asset's, with just its decimals")
  func amount() throws {
    let statement = try statement()
    #expect(statement.amount(of: .btc) == 150_000)
    #expect(statement.amount(of: Asset(symbol: "ETH", decimals: 18)) == nil)
    for text in ["0.0015", "0.001500000", "00.00150000", "+0.00150000", ".00150000", "1e-3", "x"] {
      let other = RefundStatement(
        payment: statement.payment, address: statement.address, chain: statement.chain,
        asset: statement.asset, amount: text)
      #expect(other.amount(of: .btc) == nil, "\(text)")
    }
  }

  @Test("a text that differs in any byte isn't the statement")
  func strictness() throws {
    let text = try statement().text
    var others = [
      "", text + "\n", " " + text, text + "\nmemo: x", text.replacing("\n", with: "\r\n"),
      text.replacing("payment: pay_", with: "payment: ref_"),
      text.replacing("chain: bitcoin", with: "chain: Bitcoin"),
      text.replacing("asset: BTC", with: "asset: "), text.replacing(": ", with: ":"),
      text + String(repeating: "C", count: 1_000),
    ]
    let lines = text.split(separator: "\n")
    for index in lines.indices {
      var fewer = lines
      fewer.remove(at: index)
      others.append(fewer.joined(separator: "\n"))
    }
    for other in others { #expect(RefundStatement(other) == nil, "\(other)") }
  }

  private func approval() throws -> ApprovalStatement {
    ApprovalStatement(
      refund: SampleBatches.id("ref", 4), payment: SampleBatches.id("pay", 3),
      address: "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu",
      chain: try #require(ChainName("bitcoin")), asset: "BTC", amount: "0.00150000",
      approver: "anna")
  }

  @Test("an approval says all that the refund does, and comes back byte for byte or not at all")
  func approvals() throws {
    let approval = try approval()
    #expect(
      approval.text == """
        Paywatch approval
        refund: \(approval.refund)
        payment: \(approval.payment)
        address: bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu
        chain: bitcoin
        asset: BTC
        amount: 0.00150000
        approver: anna
        """)
    #expect(ApprovalStatement(approval.text) == approval)
    for other in [
      approval.text + "\n", approval.text + "\nmore: x", try statement().text,
      approval.text.replacing("approver: anna", with: "approver: "),
      approval.text.replacing("refund: ref_", with: "refund: pay_"),
    ] { #expect(ApprovalStatement(other) == nil, "\(other)") }
    // A statement that an address may be paid approves nothing.
    #expect(RefundStatement(approval.text) == nil)
  }

  @Test("an approval is for one refund of one payment to one address alone")
  func approvedAmount() throws {
    let approval = try approval()
    func allows(
      _ refund: UInt64 = 4, _ payment: UInt64 = 3, to address: String? = nil,
      on chain: String = "bitcoin", _ asset: Asset = .btc
    ) throws -> UInt256? {
      approval.allows(
        SampleBatches.id("ref", refund), of: SampleBatches.id("pay", payment),
        to: address ?? approval.address, on: try #require(ChainName(chain)), in: asset)
    }
    #expect(try allows() == 150_000)
    #expect(try allows(5) == nil)
    #expect(try allows(4, 4) == nil)
    #expect(try allows(to: "bc1q") == nil)
    #expect(try allows(on: "ethereum") == nil)
    #expect(try allows(4, 3, on: "bitcoin", Asset(symbol: "ETH", decimals: 8)) == nil)
  }
}
