import Bytes
import Testing

@testable import Bitcoin

@Suite("Transactions")
struct TransactionTests {
  @Test("the genesis block decodes to its hash, txid and merkle root, and back to its bytes")
  func genesis() throws {
    let text =
      "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27a"
      + "c72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c0101000000010000"
      + "000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d010445"
      + "5468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f"
      + "66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a0100000043410467"
      + "8afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e5"
      + "1ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"
    let bytes = try Hex.decode(text)
    let block = try Block(bytes: bytes)
    #expect(
      block.hash.displayHex == "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f")
    #expect(block.transactions.map(\.txid) == [block.header.merkleRoot])
    #expect(block.transactions[0].isCoinbase)
    #expect(block.bytes == bytes)
    #expect(block.weight == 4 * bytes.count)
  }
}
