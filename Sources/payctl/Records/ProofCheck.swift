internal import Addresses
internal import Bytes
internal import ChainTypes
internal import Foundation

/// Checks a page of proofs by nothing but its own text.
struct ProofCheck {
  private let page: Page

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

  init(_ text: String) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    page = try decoder.decode(Page.self, from: Data(text.utf8))
  }

  var provedCount: Int { page.data.count { $0.proof != nil } }
  var unprovedCount: Int { page.data.count - provedCount }

  /// Throws what is wrong with the first proof that fails, in a sentence.
  func run() throws {
    for item in page.data {
      guard let proof = item.proof else { continue }
      do {
        switch proof {
        case .inclusion(let check):
          try check.run(txid: item.txid, item.outputs, to: page.address)
        case .execution(let check):
          try check.run(txid: item.txid, item.outputs, of: page.contract, to: page.address)
        }
      } catch let error as CommandFailure {
        throw CommandFailure("the proof of \(item.txid) fails: \(error)")
      } catch {
        throw CommandFailure("the proof of \(item.txid) can't be read: \(error)")
      }
    }
  }
}
