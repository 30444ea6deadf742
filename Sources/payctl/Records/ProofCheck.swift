internal import Foundation

/// Checks the pages of a payment's proofs by nothing but their own text.
struct ProofCheck {
  private(set) var provedCount = 0
  private(set) var unprovedCount = 0
  /// Of all pages so far.
  private var txids: Set<String> = []
  /// What of the growth of balances is spoken for, by block.
  private var gains = ProvedGains()

  private struct Page: Decodable {
    let contract: String?
    let address: String
    let data: [Item]
  }

  private struct Item: Decodable {
    let txid: String
    let outputs: [Output]
    let proof: Proof?
  }

  /// What the page says of a transfer.
  struct Output: Decodable {
    let vout: Int?
    let position: String?
    let amountMinor: String
    let state: String

    /// Whether it stands in the block of the proof: what doesn't count may have stood in another.
    var isInBlock: Bool { ["included", "confirmed", "final"].contains(state) }
    fileprivate var place: String { position ?? vout.map { String($0) } ?? "" }
  }

  private enum Proof: Decodable {
    case inclusion(InclusionCheck)
    case execution(ExecutionCheck)

    private enum CodingKeys: CodingKey {
      case transactionProof
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      self =
        container.contains(.transactionProof)
        ? .execution(try ExecutionCheck(from: decoder))
        : .inclusion(try InclusionCheck(from: decoder))
    }
  }

  /// Throws what is wrong with the first proof that fails, in a sentence.
  mutating func run(_ text: String) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let page = try decoder.decode(Page.self, from: Data(text.utf8))
    for item in page.data {
      guard let proof = item.proof else {
        unprovedCount += 1
        continue
      }
      do {
        try check(item, proof, page)
        provedCount += 1
      } catch let error as CommandFailure {
        throw CommandFailure("the proof of \(item.txid) fails: \(error)")
      } catch {
        throw CommandFailure("the proof of \(item.txid) can't be read: \(error)")
      }
    }
  }

  private mutating func check(_ item: Item, _ proof: Proof, _ page: Page) throws {
    guard txids.insert(item.txid).inserted else {
      throw CommandFailure("the transaction stands there twice")
    }
    let outputs = item.outputs.filter(\.isInBlock)
    guard !outputs.isEmpty else { throw CommandFailure("nothing in it counts") }
    guard Set(outputs.map(\.place)).count == outputs.count else {
      throw CommandFailure("one of its transfers stands there twice")
    }
    switch proof {
    case .inclusion(let check): try check.run(txid: item.txid, outputs, to: page.address)
    case .execution(let check):
      try check.run(txid: item.txid, outputs, of: page.contract, to: page.address, &gains)
    }
  }
}
