internal import ArgumentParser
internal import Bytes
internal import ChainTypes
internal import Foundation

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks a saved proof of a payment, offline and by nothing but its text.",
    discussion: """
      The file holds what GET /v1/payments/{id}/proof answered, or what payctl payment proof \
      printed: one page of JSON, or one a line. No configuration, database or network is needed. \
      What holds is said in words, and what of it is only the service's word. On Bitcoin \
      the headers on top show how much work stands on each block; that the blocks are in the \
      active chain can't be shown by a file: compare their hashes with a source you trust, \
      or give them with --header. Where anything doesn't hold, pages are missing, or less is \
      proved than was due, the exit code is 1.

      Example: payctl payment proof pay_… --database data/paywatch.sqlite > proof.json
               payctl verify proof.json --header 00000000000000000001…
      """)

  @Argument(help: "The file, or - for standard input.", completion: .file())
  var file: String

  @Option(
    help: """
      The hash of a block that you know to be in the active chain. May be repeated; with it every \
      proof's block must be one of these, or on Bitcoin stand below one.
      """)
  var header: [String] = []

  /// A payment's page has at most some megabytes of proofs.
  private static let maximumBytes = 1 << 28

  func run() async throws {
    let pinned = try Set(
      header.map { text in
        guard (try? Hash32(text: text)) != nil else {
          throw CommandFailure("\(text) is no block's hash")
        }
        return text.lowercased()
      })
    let verdict = try ProofVerdict(Self.pages(in: Self.read(file)), pinned: pinned)
    try Answers.writeSentences(verdict.sentences)
    guard verdict.holds else { throw ExitCode.failure }
  }

  private static func read(_ path: String) throws -> [UInt8] {
    let handle: FileHandle
    if path == "-" {
      handle = .standardInput
    } else if let file = try? FileHandle(forReadingFrom: URL(filePath: path)) {
      handle = file
    } else {
      throw CommandFailure("\(path) is not there, or can't be read")
    }
    // One more than allowed tells that there is more.
    let data = try handle.read(upToCount: maximumBytes + 1) ?? Data()
    guard data.count <= maximumBytes else { throw CommandFailure("\(path) is too long") }
    return Array(data)
  }

  /// One text over any number of lines, or a text on each line.
  private static func pages(in bytes: [UInt8]) -> [String] {
    if (try? JSONSerialization.jsonObject(with: Data(bytes))) != nil {
      return [String(decoding: bytes, as: UTF8.self)]
    }
    return bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
      .filter { !$0.allSatisfy(\.isWhitespace) }
  }
}
