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
  private static let receipts = "EVM receipts decoded, proved and matched"

  static let names = [block, root, logs, receipts]

  static func contests(named names: Set<String>, _ materials: Materials) throws -> [Contest] {
    let answers = try BlockAnswers(vectors: materials.settings.vectors)
    let watching = Watched(watched: try EthereumAddress(watchedAccount))
    var contests: [Contest] = []
    if names.contains(block) {
      contests.append(try provedBlock(answers, watching, materials.settings))
    }
    if names.contains(root) { contests.append(receiptsRoot(answers, materials.settings)) }
    if names.contains(logs) { contests.append(try decodedLogs(answers, watching, materials)) }
    if names.contains(receipts) {
      contests.append(try provedReceipts(answers, watching, materials))
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
    // An error would measure something else.
    let proof = try answers.proof()
    let layout = [proof.transactions?.bytes, proof.receipts?.bytes].compactMap { $0 }
    let rounds = settings.repetitions(40)
    return Contest(
      name: block, unit: "ms",
      how: """
        From both answers' JSON: header hash, transactions root and receipts root built anew, \
        transfers matched. A trie's nodes are hashed side by side; the reference goes through \
        two messages, block by block.
        """,
      ours: {
        milliseconds(rounds) {
          let transfers = try? answers.proof().transfers(watching: watching)
          Sink.take(UInt64(transfers?.count ?? 0))
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
      name: root, unit: "ms",
      ours: { milliseconds(rounds) { Sink.take(TrieRoot.root(of: items).words.0) } },
      references: [
        .init(name: "Keccak-256 of the receipts, laid out ready", goal: .ratioAtMost(1.67)) {
          milliseconds(rounds) { Sink.take(Keccak256.hash(items.bytes).words.0) }
        }
      ])
  }

  private static func decodedLogs(
    _ answers: BlockAnswers, _ watching: Watched, _ materials: Materials
  ) throws -> Contest {
    let count = try ClaimedTransfer.all(in: answers.logs.span.bytes, watching: watching).logCount
    let data = Data(answers.logs)
    let rounds = materials.settings.repetitions(40)
    func rate(_ body: () -> Void) -> Double {
      Double(count * rounds) / CPUClock.seconds { for _ in 0..<rounds { body() } }
    }
    let orjson = try materials.peers.orjson(
      answers.logs, elements: count, goal: .ratioAtLeast(2)
    ) { Double(count) / $0 }
    return Contest(
      name: logs, unit: "logs/s",
      how: "From the JSON of `eth_getLogs` to the transfers of a watched account.",
      ours: {
        rate {
          let found = try? ClaimedTransfer.all(in: answers.logs.span.bytes, watching: watching)
          Sink.take(UInt64(found?.logCount ?? 0))
        }
      },
      references: [
        .init(name: "Foundation's JSONDecoder", goal: .ratioAtLeast(5)) {
          rate {
            Sink.take(UInt64((try? JSONDecoder().decode([Log].self, from: data))?.count ?? 0))
          }
        },
        .init(name: "one pass over the same bytes") { rate { Sink.take(sum(answers.logs)) } },
      ] + orjson)
  }

  private static func provedReceipts(
    _ answers: BlockAnswers, _ watching: Watched, _ materials: Materials
  ) throws -> Contest {
    let block = try BlockProof(
      block: answers.block.span.bytes, expecting: nil, profile: .ethereum)
    let count = answers.encodedReceipts.count
    let logCount = try ClaimedTransfer.all(in: answers.logs.span.bytes, watching: watching)
      .logCount
    let rounds = materials.settings.repetitions(40)
    let peers =
      try materials.peers.orjson(answers.receipts, elements: count, goal: .ratioAtLeast(2)) {
        Double(logCount) / $0
      } + materials.peers.web3(receipts: answers.receipts, logs: logCount) { Double(logCount) / $0 }
    return Contest(
      name: receipts, unit: "logs/s",
      how: """
        From the JSON of `eth_getBlockReceipts` to the transfers of a watched account, the \
        receipts' root built on the way, which the libraries don't.
        """,
      ours: {
        let seconds = CPUClock.seconds {
          for _ in 0..<rounds {
            var proof = block
            try? proof.prove(receipts: answers.receipts.span.bytes)
            Sink.take(UInt64((try? proof.transfers(watching: watching).count) ?? 0))
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

  private static func milliseconds(_ rounds: Int, _ body: () -> Void) -> Double {
    CPUClock.seconds { for _ in 0..<rounds { body() } } / Double(rounds) * 1_000
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
