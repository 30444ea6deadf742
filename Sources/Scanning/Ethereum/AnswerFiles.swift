package import Bytes
internal import Ethereum
package import Foundation

/// The answers of nodes in a directory of `.json` files, put together by block. Only where they
/// stand is kept; a block's answers are read when it is its turn.
package struct AnswerFiles {
  /// In the order of the files' names, each once: with whole transactions where a file has them.
  package private(set) var blocks: [Block] = []
  /// Files that can't be read, with the reason.
  package private(set) var unreadable: [(file: String, reason: String)] = []
  /// Files with an answer that is about no block.
  package private(set) var unrelated: [String] = []

  package struct Block {
    package let hash: Hash32
    fileprivate var block: Place
    fileprivate var hasTransactions: Bool
    fileprivate var receipts: Place?
    fileprivate var logs: Place?

    /// The file that holds the block itself.
    package var file: String { block.url.lastPathComponent }
  }

  fileprivate struct Place {
    let url: URL
    let range: Range<Int>
  }

  /// A block's answers.
  package struct Answers {
    package let block: [UInt8]
    package let receipts: [UInt8]?
    package let logs: [UInt8]?
  }

  package init(_ urls: [URL]) {
    var receipts: [Hash32: Place] = [:]
    var logs: [Hash32: Place] = [:]
    for url in urls where !url.hasDirectoryPath {
      guard url.pathExtension.lowercased() == "json" else {
        unreadable.append((url.lastPathComponent, "its name doesn't end in .json"))
        continue
      }
      do {
        let data = try Data(contentsOf: url, options: .mappedIfSafe)
        for answer in try RecordedAnswer.all(in: data.bytes) {
          let place = Place(url: url, range: answer.range)
          switch answer.content {
          case .block(let hash, let hasTransactions):
            note(Block(hash: hash, block: place, hasTransactions: hasTransactions))
          case .receipts(let block): receipts[block] = receipts[block] ?? place
          case .logs(let block): logs[block] = logs[block] ?? place
          case .empty: break
          case .other: if unrelated.last != url.lastPathComponent { noteUnrelated(url) }
          }
        }
      } catch let error as AnswerError {
        unreadable.append((url.lastPathComponent, error.sentence))
      } catch {
        unreadable.append((url.lastPathComponent, (error as NSError).localizedDescription))
      }
    }
    for index in blocks.indices {
      blocks[index].receipts = receipts[blocks[index].hash]
      blocks[index].logs = logs[blocks[index].hash]
    }
  }

  private mutating func note(_ block: Block) {
    guard let known = blocks.firstIndex(where: { $0.hash == block.hash }) else {
      blocks.append(block)
      return
    }
    if block.hasTransactions, !blocks[known].hasTransactions { blocks[known] = block }
  }

  private mutating func noteUnrelated(_ url: URL) { unrelated.append(url.lastPathComponent) }

  package func answers(of block: Block) throws -> Answers {
    func bytes(_ place: Place) throws -> [UInt8] {
      let data = try Data(contentsOf: place.url, options: .mappedIfSafe)
      // The file may have changed since it was looked through.
      guard place.range.upperBound <= data.count else { throw CocoaError(.fileReadCorruptFile) }
      return Array(data[place.range])
    }
    return Answers(
      block: try bytes(block.block), receipts: try block.receipts.map(bytes),
      logs: try block.logs.map(bytes))
  }
}
