internal import Bytes
internal import Foundation

/// Checks the pages of a payment's proofs by nothing but their own text.
struct ProofCheck {
  /// The transactions whose proofs hold, in their order.
  private(set) var proved: [Proved] = []
  private(set) var unproved: [Unproved] = []
  /// Of all pages so far.
  private var txids: Set<String> = []
  /// What of the growth of balances is spoken for, by block.
  private var gains = ProvedGains()

  /// A page as `GET /v1/payments/{id}/proof` answers it.
  struct Page: Decodable {
    let paymentId: String
    let chain: String
    let asset: String
    let contract: String?
    let address: String
    /// Missing where the page is older than terms in it are.
    let terms: Terms?
    let data: [Item]
    let nextAfter: String?
  }

  struct Terms: Decodable {
    let orderId: String
    let amount: String
    let amountMinor: String
    let chainId: UInt64?
    let createdAt: String
    let expiresAt: String
  }

  /// A transaction that stands in a block and pays so much.
  struct Proved {
    let txid: String
    let blockHash: String
    let amountMinor: UInt256
    /// Nil on EVM chains, where headers cost nothing to make.
    let burial: InclusionCheck.Burial?
  }

  /// A transaction without a proof.
  struct Unproved {
    let txid: String
    /// Whether the page says that it stands in a block all the same.
    let isInBlock: Bool
  }

  struct Item: Decodable {
    let txid: String
    let outputs: [Output]
    fileprivate let proof: Proof?
  }

  /// What the page says of a transfer.
  struct Output: Decodable {
    let vout: Int?
    let position: String?
    let amountMinor: String
    let state: String

    /// Whether it stands in the block of the proof: what doesn't count may have stood in another.
    var isInBlock: Bool { ["included", "confirmed", "final"].contains(state) }
  }

  fileprivate enum Proof: Decodable {
    case inclusion(InclusionCheck)
    case execution(ExecutionCheck)

    private enum CodingKeys: CodingKey {
      case transactionProof
    }

    var blockHash: String {
      switch self {
      case .inclusion(let check): check.blockHash
      case .execution(let check): check.blockHash
      }
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      self =
        container.contains(.transactionProof)
        ? .execution(try ExecutionCheck(from: decoder))
        : .inclusion(try InclusionCheck(from: decoder))
    }
  }

  /// The page that a text is; throws where it is none.
  static func page(_ text: String) throws -> Page {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Page.self, from: Data(text.utf8))
  }

  mutating func run(_ text: String) throws { try run(Self.page(text)) }

  /// Throws what is wrong with the first proof that fails, in a sentence.
  mutating func run(_ page: Page) throws {
    for item in page.data {
      guard let proof = item.proof else {
        unproved.append(
          Unproved(txid: item.txid, isInBlock: item.outputs.contains(where: \.isInBlock)))
        continue
      }
      do {
        let burial = try check(item, proof, page)
        let amounts = try item.outputs.filter(\.isInBlock).map {
          try UInt256(decimal: $0.amountMinor)
        }
        proved.append(
          Proved(
            txid: item.txid, blockHash: proof.blockHash,
            amountMinor: try amounts.reduce(.zero) { try $0.adding($1) }, burial: burial))
      } catch let error as CommandFailure {
        throw CommandFailure("the proof of \(item.txid) fails: \(error)")
      } catch {
        throw CommandFailure("the proof of \(item.txid) can't be read: \(error)")
      }
    }
  }

  private static func checkDistinct(_ places: [some Hashable]) throws {
    guard Set(places).count == places.count else {
      throw CommandFailure("one of its transfers stands there twice")
    }
  }

  private mutating func check(
    _ item: Item, _ proof: Proof, _ page: Page
  ) throws -> InclusionCheck.Burial? {
    guard txids.insert(item.txid).inserted else {
      throw CommandFailure("the transaction stands there twice")
    }
    let outputs = item.outputs.filter(\.isInBlock)
    guard !outputs.isEmpty else { throw CommandFailure("nothing in it counts") }
    switch proof {
    case .inclusion(let check):
      // Each kind of proof checks what this identifies.
      try Self.checkDistinct(outputs.map(\.vout))
      return try check.run(txid: item.txid, outputs, to: page.address)
    case .execution(let check):
      try Self.checkDistinct(outputs.map(\.position))
      try check.run(txid: item.txid, outputs, of: page.contract, to: page.address, &gains)
      return nil
    }
  }
}
