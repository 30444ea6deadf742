import Bytes
import ChainTypes
import JSON
import NodeRPC
import Testing

@Suite("Scans of the UTXO set")
struct CoinScanTests {
  private static let hash = String(repeating: "ab", count: 32)

  private func node(_ result: JSONValue) -> BitcoinNode {
    BitcoinNode(
      name: "node", transport: methodTransport { _, _ in .result(result) }, clock: ManualClock(),
      policy: .once, jitterSeed: 1)
  }

  private func answer(success: Bool = true, _ unspents: JSONValue...) -> JSONValue {
    [
      "success": .bool(success), "txouts": 193, "height": 102, "bestblock": .string(Self.hash),
      "unspents": .array(unspents), "total_amount": .number("0.00150000"),
    ]
  }

  /// As Bitcoin Core 30 writes it.
  private func unspent(
    amount: JSONValue = .number("0.00150000"), vout: Int = 1, script: String = "51"
  ) -> JSONValue {
    [
      "txid": .string(Self.hash), "vout": .integer(vout), "scriptPubKey": .string(script),
      "desc": .string("raw(\(script))#8lvh9jxk"), "amount": amount, "coinbase": .bool(false),
      "height": 101, "blockhash": .string(Self.hash), "confirmations": 2,
    ]
  }

  @Test("outputs come with their amounts to the satoshi, and the tip at which they stood")
  func sound() async throws {
    let scan = try await node(answer(unspent())).coins(paying: [[0x51]])
    let hash = try Hash32(displayHex: Self.hash)
    #expect(scan.tip == BlockRef(height: 102, hash: hash))
    let coin = try #require(scan.coins.first)
    #expect(coin.outpoint == Outpoint(txid: hash, vout: 1))
    #expect(coin.satoshi == 150_000)
    #expect(coin.scriptPubKey == [0x51])
    #expect(coin.height == 101)
  }

  @Test("an answer that isn't whole, or names an output twice, is none")
  func malformed() async throws {
    let answers = [
      answer(success: false), .null, answer(unspent(), unspent()),
      answer(unspent(amount: .number("0.001500001"))), answer(unspent(amount: .string("1"))),
      answer(unspent(amount: .number("-1"))), answer(unspent(vout: -1)),
      answer(unspent(script: "5")),
    ]
    for answer in answers {
      await #expect(throws: NodeError.self) { try await node(answer).coins(paying: [[0x51]]) }
    }
  }
}
