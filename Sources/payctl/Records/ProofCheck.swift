internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainTypes
internal import Foundation

/// Checks a page of proofs by nothing but its own text.
struct ProofCheck {
  private let page: Page
  private let script: [UInt8]

  private struct Page: Decodable {
    let address: String
    let data: [Item]
  }

  private struct Item: Decodable {
    let txid: String
    let outputs: [Output]
    let proof: Proof?
  }

  private struct Output: Decodable {
    let vout: Int
    let amountMinor: String
  }

  private struct Proof: Decodable {
    let blockHash: String
    let header: String
    let transaction: String
    let pos: UInt32
    let merkle: [String]
    let coinbase: Coinbase
  }

  private struct Coinbase: Decodable {
    let transaction: String
    let merkle: [String]
  }

  init(_ text: String) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let page = try decoder.decode(Page.self, from: Data(text.utf8))
    // Networks that share a prefix make the same script of an address.
    let address = BitcoinNetwork.Kind.allCases.lazy.compactMap { kind in
      try? BitcoinAddress(page.address, network: BitcoinNetwork(kind))
    }.first
    guard let address else { throw CommandFailure("\(page.address) is no Bitcoin address") }
    self.page = page
    script = address.output.scriptPubKey
  }

  var provedCount: Int { page.data.count { $0.proof != nil } }
  var unprovedCount: Int { page.data.count - provedCount }

  /// Throws what is wrong with the first proof that fails, in a sentence.
  func run() throws {
    for item in page.data {
      guard let proof = item.proof else { continue }
      do {
        try check(item, proof)
      } catch let error as CommandFailure {
        throw CommandFailure("the proof of \(item.txid) fails: \(error)")
      } catch {
        throw CommandFailure("the proof of \(item.txid) can't be read: \(error)")
      }
    }
  }

  private func check(_ item: Item, _ proof: Proof) throws {
    let headerBytes = try Hex.decode(proof.header)
    let header = try BlockHeader(bytes: headerBytes.span.bytes)
    let hash = header.hash
    guard hash.displayHex == proof.blockHash else {
      throw CommandFailure("its header is that of block \(hash.displayHex)")
    }
    guard hash.littleEndianNumber <= (try CompactTarget(header.bits).target) else {
      throw CommandFailure("its header's hash doesn't meet its target")
    }
    let bytes = try Hex.decode(proof.transaction)
    let evidence = TransactionProof(
      transaction: bytes,
      branch: MerkleBranch(position: proof.pos, siblings: try hashes(proof.merkle)),
      coinbase: TransactionProof.Coinbase(
        transaction: try Hex.decode(proof.coinbase.transaction),
        siblings: try hashes(proof.coinbase.merkle)))
    let txid: Hash32
    do {
      txid = try evidence.verify(root: header.merkleRoot)
    } catch {
      throw CommandFailure(error.sentence)
    }
    guard txid.displayHex == item.txid else {
      throw CommandFailure("its transaction is \(txid.displayHex)")
    }
    let outputs = try Transaction(bytes: bytes).outputs
    for output in item.outputs {
      guard outputs.indices.contains(output.vout),
        String(outputs[output.vout].value) == output.amountMinor,
        outputs[output.vout].scriptPubKey == script
      else {
        throw CommandFailure(
          "its output \(output.vout) doesn't pay \(output.amountMinor) to \(page.address)")
      }
    }
  }

  private func hashes(_ texts: [String]) throws -> [Hash32] {
    try texts.map { try Hash32(displayHex: $0) }
  }
}

extension TransactionProof.Failure {
  fileprivate var sentence: String {
    switch self {
    case .transaction(let error): "its transaction can't be read: \(error)"
    case .notStripped: "a transaction of it has its witness"
    case .coinbase(let error): "its coinbase can't be read: \(error)"
    case .notACoinbase(let txid): "\(txid.displayHex) is no coinbase"
    case .malformedBranch: "its branch can't be one of a merkle tree"
    case .root(let expected, let found):
      "its branch leads to \(found.displayHex), the header has \(expected.displayHex)"
    case .coinbaseDepth(let depth, let expected):
      "its coinbase is \(depth) levels deep, the transaction \(expected)"
    case .ambiguous: "its transaction may be an inner node of the tree"
    }
  }
}
