import Bytes
import ChainTypes
import Ethereum
import JSON
import Testing

@Suite("a block's tips")
struct TipTests {
  @Test("geth's blocks: what receipts say of gas and prices gives the same sum")
  func geth() throws {
    var paying = 0
    for block in try RealBlock.geth() {
      let proof = try block.proved()
      let base = proof.header.baseFeePerGas ?? .zero
      var expected = UInt256.zero
      let receipts = try #require(block.receipts)
      for receipt in try JSONValue(parsing: receipts).elements ?? [] {
        let price = try Self.quantity(receipt["effectiveGasPrice"])
        let gas = try Self.quantity(receipt["gasUsed"])
        expected = try expected.adding(price.subtracting(base).multiplied(by: gas))
      }
      #expect(try proof.tips() == expected, "\(block)")
      if expected > .zero { paying += 1 }
    }
    #expect(paying > 3)
  }

  @Test("without proved receipts, or with a price below the base fee, nothing is said")
  func unknown() throws {
    #expect(try RealBlock.mainnet18000000().proved().tips() == nil)
    let payment = try TestBlock.payment(value: UInt256(5))
    let receipt = EthereumReceipt(
      type: .dynamicFee, outcome: .succeeded, cumulativeGasUsed: 21_000, logs: [])
    var block = TestBlock(transactions: [payment], receipts: [receipt])
    #expect(try block.proved().tips() == UInt256(21_000))
    block.header.baseFeePerGas = UInt256(101)
    #expect(try block.proved().tips() == nil)
    block.header.baseFeePerGas = nil
    #expect(try block.proved().tips() == UInt256(21_000))
  }

  private static func quantity(_ json: JSONValue?) throws -> UInt256 {
    let digits = try #require(json?.string).dropFirst(2)
    let text = String(repeating: "0", count: 64 - digits.count) + digits
    return try #require(UInt256(bigEndian: Hash32(hex: text).bytes))
  }
}
