import Foundation
import TestSupport
import Testing

@Suite("payctl scan of EVM chains")
struct AnswerScanTests {
  /// A line about a block, a transfer, or all.
  private struct Line: Decodable {
    let block: String?
    let number: Int?
    let proved: [String]?
    let transactions: Int?
    let txid: String?
    let position: String?
    let asset: String?
    let contract: String?
    let from: String?
    let to: String?
    let value: String?
    let summary: Summary?
  }

  private struct Summary: Decodable, Equatable {
    let blocks: Int
    let transactions: Int
    let transfers: Int
    let refused: Int
  }

  /// What an independent decoder found.
  private struct Expected: Decodable {
    let tx: String
    let token: String
    let from: String
    let to: String
    let value: String
  }

  private func vector(_ path: String) throws -> Data {
    let file = PackageFiles.root.appending(path: "vectors/ethereum/" + path)
    guard path.hasSuffix(".gz") else { return try Data(contentsOf: file) }
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/gzip")
    process.arguments = ["-dc", file.path]
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd()
    process.waitUntilExit()
    return try #require(data)
  }

  private func expected(_ file: String) throws -> [Expected] {
    try JSONDecoder().decode(
      [Expected].self, from: vector("mainnet/" + file))
  }

  private func scan(
    _ files: TemporaryDirectory, watching accounts: [String], chain: String = "ethereum"
  ) throws -> Program.Outcome {
    let scratch = try TemporaryDirectory()
    let list = try scratch.write("watch.txt", accounts.joined(separator: "\n").utf8)
    return try Program.payctl.run(
      "scan", "--chain", chain, "--blocks", files.url.path, "--watch", list, "--format", "json")
  }

  @Test("receipts prove every transfer of a block, found by its tokens' contracts")
  func receipts() throws {
    let files = try TemporaryDirectory()
    try files.write("block.json", vector("mainnet/block-21925176.json"))
    try files.write("receipts.json", vector("mainnet/receipts-21925176.json"))
    let expected = try expected("transfers-21925176.json.gz")
    let outcome = try scan(files, watching: Array(Set(expected.map(\.to))))
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = try outcome.objects(Line.self)
    #expect(lines.first?.number == 21_925_176)
    #expect(lines.first?.proved == ["header", "receipts"], "the answer has no transactions")
    let stable = lines.filter { ["USDC", "USDT"].contains($0.asset) }
    #expect(stable.map(\.txid) == expected.map(\.tx))
    #expect(stable.map(\.asset) == expected.map(\.token))
    #expect(stable.map(\.from) == expected.map(\.from))
    #expect(stable.map(\.to) == expected.map(\.to))
    #expect(stable.map(\.value) == expected.map(\.value))
    #expect(stable.allSatisfy { $0.position?.hasPrefix("log:") == true && $0.contract != nil })
    let transfers = lines.filter { $0.txid != nil }
    #expect(
      lines.last?.summary
        == Summary(blocks: 1, transactions: 202, transfers: transfers.count, refused: 0))
  }

  @Test("logs alone are the node's word: nothing says that the receipts are proved")
  func logs() throws {
    let files = try TemporaryDirectory()
    try files.write("block.json", vector("mainnet/block-18000000.json"))
    try files.write("logs.json", vector("mainnet/logs-18000000.json.gz"))
    let expected = try expected("transfers-18000000.json.gz")
    let outcome = try scan(files, watching: Array(Set(expected.map(\.to))))
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = try outcome.objects(Line.self)
    let blocks = lines.filter { $0.proved != nil }
    #expect(blocks.map(\.number) == [18_000_000, 18_000_001])
    #expect(blocks.allSatisfy { $0.proved == ["header", "transactions"] })
    let stable = lines.filter { ["USDC", "USDT"].contains($0.asset) }
    #expect(stable.map(\.txid) == expected.map(\.tx))
    #expect(stable.map(\.value) == expected.map(\.value))
    #expect(stable.allSatisfy { $0.position?.hasPrefix("log:") == true })
  }

  @Test("a changed receipt refuses its block, and the others are scanned all the same")
  func changedReceipt() throws {
    let files = try TemporaryDirectory()
    try files.write("a.json", vector("mainnet/block-21925176.json"))
    try files.write("c.json", vector("mainnet/block-1000001.json"))
    let receipts = String(decoding: try vector("mainnet/receipts-21925176.json"), as: UTF8.self)
    try files.write(
      "b.json",
      receipts.replacing(#""status": "0x0""#, with: #""status": "0x1""#, maxReplacements: 1).utf8)
    let expected = try expected("transfers-21925176.json.gz")
    let outcome = try scan(files, watching: Array(Set(expected.map(\.to))))
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("its receipts have the root"))
    let lines = try outcome.objects(Line.self)
    #expect(lines.compactMap(\.number) == [1_000_001])
    #expect(lines.last?.summary?.refused == 1)
  }

  @Test("ether's own transfers are found where receipts say that they succeeded")
  func ether() throws {
    struct Recorded: Decodable {
      let block: String
      let receipts: String
    }
    struct Answer: Decodable {
      struct Block: Decodable {
        struct Transaction: Decodable {
          let to: String?
          let value: String
        }
        let transactions: [Transaction]
      }
      let result: Block
    }
    let rows = try JSONDecoder().decode(
      [Recorded].self, from: vector("geth/blocks-1.17.5.json.gz"))
    let files = try TemporaryDirectory()
    var recipients: Set<String> = []
    for (number, row) in rows.enumerated() {
      try files.write("block-\(number).json", row.block.utf8)
      try files.write("receipts-\(number).json", row.receipts.utf8)
      let answer = try JSONDecoder().decode(Answer.self, from: Data(row.block.utf8))
      for transaction in answer.result.transactions where transaction.value != "0x0" {
        if let recipient = transaction.to { recipients.insert(recipient) }
      }
    }
    #expect(!recipients.isEmpty)
    let outcome = try scan(files, watching: Array(recipients), chain: "ethereum-dev")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = try outcome.objects(Line.self)
    let blocks = lines.filter { $0.proved != nil }
    #expect(blocks.count == 16)
    #expect(blocks.allSatisfy { $0.proved == ["header", "transactions", "receipts"] })
    let ether = lines.filter { $0.position == "value" }
    #expect(!ether.isEmpty)
    #expect(ether.allSatisfy { $0.asset == "ETH" && $0.contract == nil && $0.value != "0" })
  }

  @Test("an Optimism block is proved under its chain's profile")
  func optimism() throws {
    let files = try TemporaryDirectory()
    try files.write("block.json", vector("optimism/block-109279674.json"))
    let account = "0x4200000000000000000000000000000000000015"
    let proved = try scan(files, watching: [account], chain: "optimism")
    #expect(try proved.objects(Line.self).first?.proved == ["header", "transactions"])
    let refused = try scan(files, watching: [account], chain: "ethereum")
    #expect(refused.status == 1)
    #expect(refused.errors.contains("type 126"))
  }

  @Test("a chain without a file, a mistyped account and files of other kinds are named")
  func mistakes() throws {
    let files = try TemporaryDirectory()
    try files.write("notes.txt", "nothing".utf8)
    try files.write("chain.json", #"{"jsonrpc":"2.0","id":1,"result":"0x1"}"#.utf8)
    let account = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
    let outcome = try scan(files, watching: [account])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("notes.txt"))
    #expect(outcome.errors.contains("chain.json"))
    let unknown = try scan(files, watching: [account], chain: "nosuch")
    #expect(unknown.status != 0)
    #expect(unknown.errors.contains("there is no chain 'nosuch'"))
    let mistyped = try scan(files, watching: [account.replacing("dAC", with: "Dac")])
    #expect(mistyped.status != 0)
    #expect(mistyped.errors.contains("watch.txt:1:"))
  }
}
