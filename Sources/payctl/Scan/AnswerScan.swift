internal import ArgumentParser
internal import Bytes
internal import ChainTypes
internal import Ethereum
internal import Foundation
internal import Scanning
internal import Settings

/// `payctl scan` on an EVM chain: nodes' answers from files.
struct AnswerScan {
  let chain: String
  let chainsDirectory: String
  let blocks: [URL]
  let watch: String
  let format: OutputFormat

  private struct Totals {
    var blocks = 0
    var transactions = 0
    var transfers = 0
    var refused = 0
  }

  func run() throws {
    let list = try accountList()
    if list.accounts.isEmpty { StandardError.writeLine("payctl: \(watch) names nothing to watch") }
    let spec = try chainSpec()
    guard let scan = EthereumScan(watching: list, on: spec) else {
      throw CommandFailure("\(chain) is no EVM chain")
    }
    let files = AnswerFiles(blocks)
    for file in files.unrelated {
      StandardError.writeLine("payctl: \(file): an answer in it is about no block as a whole")
    }
    var totals = Totals()
    for (file, reason) in files.unreadable {
      totals.refused += 1
      StandardError.writeLine("payctl: \(file): \(reason)")
    }
    var lines = AnswerLines(format: format)
    for block in files.blocks {
      do {
        let scanned = try scan.scan(files.answers(of: block))
        try lines.write(scanned)
        totals.blocks += 1
        totals.transactions += scanned.transactionCount
        totals.transfers += scanned.transfers.count
      } catch let error as BlockProofError {
        totals.refused += 1
        StandardError.writeLine("payctl: \(block.file): 0x\(block.hash.hex): \(error.sentence)")
      }
    }
    try lines.finish(
      blocks: totals.blocks, transactions: totals.transactions, transfers: totals.transfers,
      refused: totals.refused)
    if totals.refused > 0 { throw ExitCode.failure }
  }

  private func accountList() throws -> AccountList {
    let text: Data
    do {
      text = try Data(contentsOf: URL(filePath: watch), options: .mappedIfSafe)
    } catch {
      throw CommandFailure("\(watch) can't be read: \(error.localizedDescription)")
    }
    do {
      return try AccountList(text: text.span)
    } catch {
      throw CommandFailure("\(watch):\(error.line): \(error)")
    }
  }

  private func chainSpec() throws -> ChainSpec {
    // The name becomes a file's: nothing but a chain's name may.
    guard ChainName(chain) != nil else { throw CommandFailure("there is no chain '\(chain)'") }
    let path = URL(filePath: chainsDirectory).appending(path: "\(chain).yaml").path
    guard FileManager.default.fileExists(atPath: path) else {
      throw CommandFailure("there is no chain '\(chain)': no \(path); see --chains-directory")
    }
    do {
      return try ChainSpecFile.load(path)
    } catch {
      throw CommandFailure("\(error)")
    }
  }
}
