import Addresses
import Bytes
import Digests
import Ethereum
import Testing

@Suite("token notices")
struct TokenNoticeTests {
  private static let account = TestBlock.padded(0x44)
  private static let other = TestBlock.padded(0x55)

  private static func log(
    _ signature: String, topics: [Hash32] = [], words: [Hash32] = []
  ) throws -> EthereumLog {
    EthereumLog(
      address: try EthereumAddress(TransferTests.usdt),
      topics: [Keccak256.hash(Array(signature.utf8))] + topics, data: words.flatMap(\.bytes))
  }

  @Test("USDT's and USDC's own events are recognised, with their arguments in topics or data")
  func events() throws {
    let address = try #require(Self.account.paddedAddress)
    let second = try #require(Self.other.paddedAddress)
    let amount = UInt256(0x44)
    let cases: [(String, Int, TokenNotice)] = [
      ("Issue(uint256)", 1, .issued(amount)), ("Redeem(uint256)", 1, .redeemed(amount)),
      ("Deprecate(address)", 1, .deprecated(successor: address)),
      ("Params(uint256,uint256)", 2, .feeChanged(basisPoints: amount, maximum: UInt256(0x55))),
      ("Pause()", 0, .paused), ("Unpause()", 0, .unpaused),
      ("AddedBlackList(address)", 1, .blacklisted(address)),
      ("RemovedBlackList(address)", 1, .unblacklisted(address)),
      ("DestroyedBlackFunds(address,uint256)", 2, .fundsDestroyed(address, UInt256(0x55))),
      ("Blacklisted(address)", 1, .blacklisted(address)),
      ("UnBlacklisted(address)", 1, .unblacklisted(address)),
      ("Upgraded(address)", 1, .upgraded(implementation: address)),
      ("AdminChanged(address,address)", 2, .adminChanged(from: address, to: second)),
    ]
    let words = [Self.account, Self.other]
    for (signature, count, notice) in cases {
      for indexed in 0...count {
        let log = try Self.log(
          signature, topics: Array(words.prefix(indexed)),
          words: Array(words.prefix(count).dropFirst(indexed)))
        #expect(TokenNotice(log) == notice, "\(signature) with \(indexed) topics")
      }
      #expect(
        try TokenNotice(Self.log(signature, words: Array(words.prefix(count)) + [Self.other]))
          == nil,
        "\(signature) with an argument too many")
    }
  }

  @Test("other logs are no notices, nor are arguments that aren't addresses")
  func others() throws {
    #expect(try TokenNotice(Self.log("Mint(address,uint256)", words: [Self.account])) == nil)
    #expect(try TokenNotice(Self.log("Deprecate(address)", words: [Keccak256.hash([])])) == nil)
    let address = try EthereumAddress(TransferTests.usdt)
    #expect(TokenNotice(EthereumLog(address: address, topics: [], data: [])) == nil)
  }

  @Test("a block's notices come from the listed contracts alone, with their place")
  func blockNotices() throws {
    let pause = try Self.log("Pause()")
    let fake = EthereumLog(
      address: try EthereumAddress("0x0000000000000000000000000000000000000bad"),
      topics: pause.topics, data: [])
    let transaction = try TestBlock.payment(value: .zero)
    let receipt = EthereumReceipt(
      type: .dynamicFee, outcome: .succeeded, cumulativeGasUsed: 50_000,
      logs: [
        fake,
        EthereumLog(
          address: pause.address, topics: [TokenTransfer.topic, Self.account, Self.other],
          data: UInt256(5).bigEndianBytes),
        EthereumLog(address: pause.address, topics: [], data: []),
        EthereumLog(address: pause.address, topics: [Keccak256.hash([7])], data: [1]), pause,
      ])
    let proof = try TestBlock(transactions: [transaction], receipts: [receipt]).proved()
    let notices = try proof.notices(of: [pause.address])
    #expect(notices.map(\.position) == [4])
    #expect(notices.map(\.notice) == [.paused])
    #expect(notices.first?.txid == transaction.hash)
    let unlisted = try EthereumAddress(TransferTests.usdc)
    #expect(try proof.notices(of: [unlisted]) == [])
  }
}
