internal import Addresses
internal import Bytes
internal import ChainTypes
internal import Digests
internal import Ethereum
internal import Foundation

/// A node's answers about an EVM block to proved transfers.
enum EthereumSuite: Suite {
  private static let block = "EVM block of 202 transactions and 463 logs, proved and matched"
  private static let root = "EVM receipts root, 202 receipts"
  private static let logs = "EVM logs decoded and matched"
  private static let receipts = "EVM receipts decoded and matched"
  private static let provedReceipts = "EVM receipts decoded, proved and matched"

  static let names = [block, root, logs, receipts, provedReceipts]

  static func contests(named names: Set<String>, _ materials: Materials) throws -> [Contest] {
    let answers = try BlockAnswers(vectors: materials.settings.vectors)
    let watching = Watched(watched: try EthereumAddress(watchedAccount))
    var contests: [Contest] = []
    if names.contains(block) {
      contests.append(try provedBlock(answers, watching, materials.settings))
    }
    if names.contains(root) { contests.append(receiptsRoot(answers, materials.settings)) }
    if names.contains(logs) { contests.append(try decodedLogs(answers, watching, materials)) }
    for name in [receipts, provedReceipts] where names.contains(name) {
      contests.append(
        try decodedReceipts(answers, watching, materials, proving: name == provedReceipts))
    }
    return contests
  }

  /// An exchange's: it stands in the block, as an address of ours would.
  private static let watchedAccount = "0x28C6c06298d514Db089934071355E5743bf21d60"

  private struct Watched: AddressWatching {
    let watched: EthereumAddress

    func watches(_ address: EthereumAddress) -> Bool { address == watched }
  }

  private static func provedBlock(
    _ answers: BlockAnswers, _ watching: Watched, _ settings: Settings
  ) throws -> Contest {
    let proof = try answers.proof()
    let found = try proof.transfers(watching: watching).count
    let layout = [proof.transactions?.bytes, proof.receipts?.bytes].compactMap { $0 }
    let rounds = settings.repetitions(40)
    return Contest(
      name: block, unit: "ms",
      how: """
        From both answers' JSON: header hash, transactions root and receipts root built anew, \
        transfers matched. A trie's nodes are hashed side by side; the reference goes through \
        two messages, block by block. The same answers each time, in the cache.
        """,
      ours: {
        try milliseconds(rounds) {
          let transfers = try answers.proof().transfers(watching: watching)
          try expect(transfers.count == found && found > 0, "the block's transfers")
        }
      },
      references: [
        .init(
          name: "Keccak-256 of transactions and receipts, laid out ready",
          goal: .ratioAtMost(1.67)
        ) {
          milliseconds(rounds) { for bytes in layout { Sink.take(Keccak256.hash(bytes).words.0) } }
        },
        .init(name: "one pass over the answers' bytes") {
          milliseconds(rounds) { Sink.take(sum(answers.block) &+ sum(answers.receipts)) }
        },
      ])
  }

  private static func receiptsRoot(_ answers: BlockAnswers, _ settings: Settings) -> Contest {
    let items = answers.encodedReceipts
    let rounds = settings.repetitions(100)
    return Contest(
      name: root, unit: "ms", how: "The same receipts each time, in the cache.",
      ours: {
        try milliseconds(rounds) {
          try expect(TrieRoot.root(of: items) == answers.receiptsRoot, "the receipts' root")
        }
      },
      references: [
        .init(name: "Keccak-256 of the receipts, laid out ready", goal: .ratioAtMost(1.67)) {
          milliseconds(rounds) { Sink.take(Keccak256.hash(items.bytes).words.0) }
        },
        .init(name: "Keccak-256 of each receipt, eight side by side") {
          milliseconds(rounds) {
            Sink.take(
              Keccak256.hashes(of: answers.receiptRanges, in: items.bytes).last?.words.0 ?? 0)
          }
        },
      ])
  }

  private static func decodedLogs(
    _ answers: BlockAnswers, _ watching: Watched, _ materials: Materials
  ) throws -> Contest {
    let data = Data(answers.logs)
    let rounds = materials.settings.repetitions(40)
    let found = try ClaimedTransfer.all(in: answers.logs.span.bytes, watching: watching)
    let (count, transfers) = (found.logCount, found.transfers.count)
    func rate(_ body: () throws -> Void) rethrows -> Double {
      Double(count * rounds) / (try CPUClock.seconds { for _ in 0..<rounds { try body() } })
    }
    let orjson = try materials.peers.orjson(
      answers.logs, elements: count, goal: .ratioAtLeast(2)
    ) { Double(count) / $0 }
    return Contest(
      name: logs, unit: "logs/s",
      how: """
        From the JSON of `eth_getLogs` to the transfers of a watched account; the same answer each \
        time, in the cache, for the peers as well.
        """,
      ours: {
        try rate {
          let found = try ClaimedTransfer.all(in: answers.logs.span.bytes, watching: watching)
          try expect(
            found.logCount == count && found.transfers.count == transfers && transfers > 0,
            "the logs' transfers")
        }
      },
      references: [
        .init(name: "Foundation's JSONDecoder", goal: .ratioAtLeast(5)) {
          try rate {
            try expect(try JSONDecoder().decode([Log].self, from: data).count == count, "the logs")
          }
        },
        .init(name: "one pass over the same bytes") { rate { Sink.take(sum(answers.logs)) } },
      ] + orjson)
  }

  private static func decodedReceipts(
    _ answers: BlockAnswers, _ watching: Watched, _ materials: Materials, proving: Bool
  ) throws -> Contest {
    let block = try BlockProof(
      block: answers.block.span.bytes, expecting: nil, profile: .ethereum)
    let count = answers.encodedReceipts.count
    let logCount = try ClaimedTransfer.all(in: answers.logs.span.bytes, watching: watching)
      .logCount
    let proof = try answers.proof()
    let found = try proof.transfers(watching: watching).count
    let rounds = materials.settings.repetitions(40)
    var peers = try materials.peers.orjson(
      answers.receipts, elements: count, goal: proving ? nil : .ratioAtLeast(2)
    ) { Double(logCount) / $0 }
    if proving {
      peers += try materials.peers.web3(receipts: answers.receipts, logs: logCount) {
        Double(logCount) / $0
      }
    }
    return Contest(
      name: proving ? provedReceipts : receipts, unit: "logs/s",
      how: """
        From the JSON of `eth_getBlockReceipts` to the transfers of a watched account, \
        \(proving ? "with the receipts' root, which the libraries don't build" : "without a root"). \
        The same answer each time, in the cache, for the peers as well.
        """,
      ours: {
        let seconds = try CPUClock.seconds {
          for _ in 0..<rounds {
            let answer = answers.receipts.span.bytes
            // Only of a proof can transfers be asked: that one's encodings are the same.
            var matched = proof
            if proving {
              matched = block
              try matched.prove(receipts: answer)
            } else {
              let decoded = try BlockProof.encoded(receipts: answer, profile: .ethereum)
              try expect(decoded.bytes.count == proof.receipts?.bytes.count, "the receipts")
            }
            try expect(
              try matched.transfers(watching: watching).count == found && found > 0,
              "the receipts' transfers")
          }
        }
        return Double(logCount * rounds) / seconds
      },
      references: peers)
  }

  /// What a program with Foundation makes of a log, its hexadecimal left as it is.
  private struct Log: Decodable {
    let address: String
    let topics: [String]
    let data: String
    let blockNumber: String
    let blockHash: String
    let transactionHash: String
    let transactionIndex: String
    let logIndex: String
    let removed: Bool
  }

  private static func milliseconds(_ rounds: Int, _ body: () throws -> Void) rethrows -> Double {
    try CPUClock.seconds { for _ in 0..<rounds { try body() } } / Double(rounds) * 1_000
  }

  /// Work that comes to something else would measure something else.
  private static func expect(_ isRight: Bool, _ what: String) throws {
    guard isRight else { throw BenchmarkFailure("\(what) came out differently") }
  }

  private static func sum(_ bytes: [UInt8]) -> UInt64 {
    bytes.withUnsafeBytes { buffer in
      var sum: UInt64 = 0
      for offset in stride(from: 0, to: buffer.count - 7, by: 8) {
        sum &+= buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      }
      return sum
    }
  }
}
