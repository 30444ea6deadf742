import Bytes
import ChainTypes
import TestSupport
import Testing

@testable import Bitcoin

/// Blocks that others publish as vectors for what they test.
@Suite("Published blocks")
struct PublishedBlockTests {
  @Test("the odd testnet3 blocks of BIP-0158 verify, and decode to their own bytes")
  func filterVectors() throws {
    let vectors = try RealBlock.filterVectors()
    #expect(vectors.count == 10)
    for (height, hash, bytes) in vectors {
      let scanned = try BlockScanner.scan(
        bytes.span.bytes, expecting: hash, network: .testnet3,
        verification: BlockVerification(height: height, network: .testnet3), watching: WatchAll())
      let block = try Block(bytes: bytes)
      #expect(block.bytes == bytes)
      #expect(scanned.matches.map(\.outputs.count) == block.transactions.map(\.outputs.count))
    }
  }

  private struct Statistics: Decodable {
    struct Block: Decodable {
      let hash: String
      let height: UInt32
      let time: UInt32
      /// With the coinbase.
      let transactions: Int
      let outputs: Int
      /// Without the coinbase.
      let inputs: Int
      let value: UInt64
      let size: Int
      let weight: Int
      let segwitTransactions: Int
      let segwitSize: Int

      enum CodingKeys: String, CodingKey {
        case hash = "blockhash"
        case height, time
        case transactions = "txs"
        case outputs = "outs"
        case inputs = "ins"
        case value = "total_out"
        case size = "total_size"
        case weight = "total_weight"
        case segwitTransactions = "swtxs"
        case segwitSize = "swtotal_size"
      }
    }

    let blocks: [String]
    let stats: [Block]
  }

  @Test("blocks have the counts, sizes and sums that Bitcoin Core's getblockstats gives")
  func statistics() throws {
    let vectors = try PackageFiles.vector("blocks/regtest-blockstats.json", as: Statistics.self)
    #expect(vectors.stats.map(\.height) == [101, 102, 103])
    let rules = HeaderRules(.regtest)
    var window: HeaderWindow?
    for (height, digits) in vectors.blocks.enumerated() {
      let bytes = try Hex.decode(digits)
      let scanned = try BlockScanner.scan(
        bytes.span.bytes, expecting: nil, network: .regtest, watching: WatchNothing())
      if window == nil {
        window = HeaderWindow(scanned.header, at: 0)
      } else if let known = window {
        let verdict = try rules.check(scanned.header, on: known)
        #expect(verdict.height == UInt32(height))
        window?.append(scanned.header, hash: verdict.hash)
      }
      guard let expected = vectors.stats.first(where: { $0.height == UInt32(height) }) else {
        continue
      }
      let transactions = try Block(bytes: bytes).transactions
      let paying = transactions.dropFirst()
      let segwit = paying.filter { $0.txid != $0.wtxid }
      #expect(scanned.hash.displayHex == expected.hash)
      #expect(scanned.header.time == expected.time)
      #expect(scanned.transactionCount == expected.transactions)
      #expect(transactions.reduce(0) { $0 + $1.outputs.count } == expected.outputs)
      #expect(paying.reduce(0) { $0 + $1.inputs.count } == expected.inputs)
      #expect(paying.flatMap(\.outputs).reduce(0) { $0 + $1.value } == expected.value)
      #expect(paying.reduce(0) { $0 + $1.bytes.count } == expected.size)
      #expect(paying.reduce(0) { $0 + $1.weight } == expected.weight)
      #expect(segwit.count == expected.segwitTransactions)
      #expect(segwit.reduce(0) { $0 + $1.bytes.count } == expected.segwitSize)
    }
    #expect(window?.parent.height == 103)
  }

  //     0 ── 1 ── 2 ── 3 ── 4
  //                └── 3A ── 4A ── 5A
  @Test("both branches of btcd's reorganisation keep mainnet's rules, the longer with more work")
  func reorganisation() throws {
    let blocks = try RealBlock.reorganisation()
    #expect(blocks.map(\.name) == ["0", "1", "2", "3", "4", "3A", "4A", "5A"])
    let headers = try blocks.map { name, bytes in
      let scanned = try BlockScanner.scan(
        bytes.span.bytes, expecting: nil, network: .mainnet, watching: WatchNothing())
      #expect(try Block(bytes: bytes).bytes == bytes)
      return scanned.header
    }
    #expect(headers[0] == AlternateMainnet.genesis)
    for (branch, tip) in [([1, 2, 3, 4], UInt32(4)), ([1, 2, 5, 6, 7], 5)] {
      var window = HeaderWindow(headers[0], at: 0)
      for place in branch {
        let verdict = try HeaderRules(.mainnet).check(headers[place], on: window)
        #expect(verdict.target == .checked)
        window.append(headers[place], hash: verdict.hash)
      }
      #expect(window.parent.height == tip)
    }
    #expect(throws: HeaderError.self, "4A doesn't stand on 3") {
      var window = HeaderWindow(headers[0], at: 0)
      for place in [1, 2, 3] { window.append(headers[place], hash: headers[place].hash) }
      _ = try HeaderRules(.mainnet).check(headers[6], on: window)
    }
  }
}
