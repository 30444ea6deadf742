import Bytes
import Ethereum
import Testing

@Suite("fees")
struct FeeTests {
  @Test("the base fee moves by an eighth at the most, up by at least one wei")
  func nextBaseFee() {
    func next(_ base: UInt64, used: UInt64, limit: UInt64 = 30_000_000) -> UInt64? {
      EthereumFees.ethereum.nextBaseFee(base: UInt256(base), gasUsed: used, gasLimit: limit)?
        .asUInt64
    }
    #expect(next(1_000_000_000, used: 15_000_000) == 1_000_000_000)
    #expect(next(1_000_000_000, used: 30_000_000) == 1_125_000_000)
    #expect(next(1_000_000_000, used: 0) == 875_000_000)
    // go-ethereum's consensus/misc/eip1559 test.
    #expect(next(1_000_000_000, used: 9_000_000, limit: 20_000_000) == 987_500_000)
    #expect(next(1_000_000_000, used: 11_000_000, limit: 20_000_000) == 1_012_500_000)
    #expect(next(1, used: 15_000_001) == 2)
    #expect(next(0, used: 0) == 0)
    #expect(next(7, used: 5, limit: 0) == 7)
    #expect(
      EthereumFees.ethereum.nextBaseFee(base: .max, gasUsed: 30_000_000, gasLimit: 30_000_000)
        == nil)
  }

  @Test("an offer is twice the base fee and the tip; what is paid is the base fee and what is left")
  func offers() {
    #expect(EthereumFees.maxFeePerGas(base: UInt256(100), tip: UInt256(3)) == UInt256(203))
    #expect(EthereumFees.maxFeePerGas(base: .max, tip: .zero) == nil)
    let caps = EthereumTransaction.FeeCaps(
      maxPriorityFeePerGas: UInt256(10), maxFeePerGas: UInt256(100))
    #expect(EthereumFees.effectiveGasPrice(caps, base: UInt256(50)) == UInt256(60))
    #expect(EthereumFees.effectiveGasPrice(caps, base: UInt256(95)) == UInt256(100))
    #expect(EthereumFees.effectiveGasPrice(caps, base: UInt256(101)) == nil)
  }

  @Test("real blocks' base fees follow from their parents'")
  func realBlocks() throws {
    let headers = try RealBlock.geth().map { try EthereumHeader(json: $0.block.span.bytes) }
    for (parent, header) in zip(headers, headers.dropFirst()) {
      #expect(EthereumFees.ethereum.nextBaseFee(after: parent) == header.baseFeePerGas)
    }
  }
}
