internal import ArgumentParser
internal import Bitcoin
internal import ChainTracking
internal import ChainTypes
internal import Foundation
internal import Scanning

struct ScanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan",
    abstract: "Finds transfers to watched addresses in blocks from files.",
    discussion: """
      Each block goes through the verification and matching that the watcher runs. Every output to \
      a watched address or script is one line, in the order of the files' names (numbers in them by \
      value), of the blocks in a file, of transactions and of outputs; a summary follows. What is \
      refused is named on standard error, the rest is scanned all the same, and the exit code is 1.

      .raw, .dat, .blk and .bin files hold one block's bytes, or blocks as Bitcoin Core stores \
      them (-blocksxor=0). .hex and .txt files hold one block in hexadecimal on each line. .json \
      files hold an object whose "block" (or "hex", or "result") is a block in hexadecimal.

      On EVM chains the .json files hold a node's answers to eth_getBlockByHash with its \
      transactions, and to eth_getBlockReceipts or eth_getLogs of the same block: envelopes of \
      JSON-RPC, batches of them, or bare results. For each block a line says what was proved: its \
      header by its hash, transactions and receipts by their roots. Logs without receipts are the \
      node's word.
      """)

  @Option(
    help: "bitcoin, or bitcoin-testnet4 and so on for another network; ethereum, base and so on.")
  var chain = "bitcoin"

  @Option(help: "Where the files are that describe EVM chains.", completion: .directory)
  var chainsDirectory = "./chains"

  @Option(help: "mainnet, testnet3, testnet4, signet or regtest; else the chain's name tells.")
  var network: NetworkName?

  @Option(help: "A directory of block files, or one of them.", completion: .directory)
  var blocks: String

  @Option(
    help: "A file with an address on each line, or a scriptPubKey in hexadecimal.",
    completion: .file())
  var watch: String

  @Option(help: "table or json.")
  var format: OutputFormat = .table

  func run() throws {
    if chain == "bitcoin" || chain.hasPrefix("bitcoin-") { return try scanBlocks() }
    guard network == nil else {
      throw ValidationError("--network is for bitcoin; --chain names an EVM chain's network")
    }
    try AnswerScan(
      chain: chain, chainsDirectory: chainsDirectory, blocks: blockURLs(), watch: watch,
      format: format
    ).run()
  }

  private func scanBlocks() throws {
    let clock = ContinuousClock()
    let start = clock.now
    let list = try watchList()
    let loaded = clock.now
    if list.scripts.isEmpty { StandardError.writeLine("payctl: \(watch) names nothing to watch") }
    var scan = BlockScan(watching: list)
    var lines = TransferLines(format: format)
    for url in try blockURLs() { try scanFile(url, &scan, &lines) }
    try lines.finish(scan.totals)
    let report = ScanTiming(
      scripts: list.scripts.count, bytes: scan.totals.bytes, loading: loaded - start,
      scanning: clock.now - loaded)
    StandardError.writeLine(report.description)
    if scan.totals.refused > 0 { throw ExitCode.failure }
  }

  private func selectedNetwork() throws -> BitcoinNetwork {
    guard let named = NetworkName(chain: chain) else {
      throw ValidationError("there is no chain '\(chain)': bitcoin, bitcoin-testnet4, …")
    }
    guard let network else { return named.network }
    guard chain == "bitcoin" || network == named else {
      throw ValidationError("--chain \(chain) isn't \(network.network.kind.rawValue)")
    }
    return network.network
  }

  private func watchList() throws -> WatchList {
    let network = try selectedNetwork()
    let text: Data
    do {
      text = try Data(contentsOf: URL(filePath: watch), options: .mappedIfSafe)
    } catch {
      throw CommandFailure("\(watch) can't be read: \(error.localizedDescription)")
    }
    var random = SystemRandomNumberGenerator()
    do {
      return try WatchList(
        text: text.span, network: network, key: (random.next(), random.next()))
    } catch {
      throw CommandFailure("\(watch):\(error.line): \(error)")
    }
  }

  private func blockURLs() throws -> [URL] {
    do {
      return try BlockFile.urls(at: URL(filePath: blocks))
    } catch {
      throw CommandFailure("\(blocks) can't be read: \(error.localizedDescription)")
    }
  }

  private func scanFile(
    _ url: URL, _ scan: inout BlockScan, _ lines: inout TransferLines
  ) throws {
    let file: BlockFile
    do {
      file = try BlockFile(url)
    } catch {
      scan.noteUnreadable()
      StandardError.writeLine("payctl: \(url.lastPathComponent): \(error)")
      return
    }
    var refusals = Refusals(of: url.lastPathComponent)
    try file.forEachBlock(of: scan.list.network) { place, block in
      let transfers: [ScannedTransfer]
      do throws(BlockError) {
        transfers = try scan.scan(block)
      } catch {
        refusals.note(place, error.sentence)
        return
      }
      for transfer in transfers { try lines.write(transfer) }
    } refuse: { place, error in
      scan.noteUnreadable()
      refusals.note(place, error.description)
    }
    refusals.finish()
  }
}

/// Says what of a file was refused, without repeating itself a million times.
private struct Refusals {
  private let file: String
  private var count = 0
  private static let told = 20

  init(of file: String) { self.file = file }

  mutating func note(_ place: BlockPlace, _ reason: String) {
    count += 1
    if count <= Self.told { StandardError.writeLine("payctl: \(place): \(reason)") }
  }

  func finish() {
    guard count > Self.told else { return }
    StandardError.writeLine("payctl: \(file): \(count - Self.told) more were refused")
  }
}
