internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainTypes

/// A proof that a Bitcoin transaction stands in a block, as a page of proofs has it.
struct InclusionCheck: Decodable {
  let blockHash: String
  let header: String
  let transaction: String
  let pos: UInt32
  let merkle: [String]
  let coinbase: Coinbase
  /// Of the blocks on top, lowest first; missing where the page is older than they are in it.
  let headers: [String]?

  struct Coinbase: Decodable {
    let transaction: String
    let merkle: [String]
  }

  /// What stands on a block, by its header and those that follow.
  struct Burial {
    /// The blocks' hashes, lowest first, without the first one's.
    var above: [String] = []
    /// How many hashes it takes on average to make such headers, the first one among them.
    var work = UInt256.zero
  }

  /// Throws a `CommandFailure` where it fails, and other errors where it can't be read.
  func run(
    txid expected: String, _ outputs: [ProofCheck.Output], to address: String
  ) throws -> Burial {
    // Networks that share a prefix make the same script of an address.
    let recipient = BitcoinNetwork.Kind.allCases.lazy.compactMap { kind in
      try? BitcoinAddress(address, network: BitcoinNetwork(kind))
    }.first
    guard let script = recipient?.output.scriptPubKey else {
      throw CommandFailure("\(address) is no Bitcoin address")
    }
    let headerBytes = try Hex.decode(header)
    let header = try BlockHeader(bytes: headerBytes.span.bytes)
    let hash = header.hash
    guard hash.displayHex == blockHash else {
      throw CommandFailure("its header is that of block \(hash.displayHex)")
    }
    var burial = Burial()
    burial.work = try Self.work(of: header)
    try bury(&burial, under: hash)
    let bytes = try Hex.decode(transaction)
    let evidence = TransactionProof(
      transaction: bytes,
      branch: MerkleBranch(position: pos, siblings: try hashes(merkle)),
      coinbase: TransactionProof.Coinbase(
        transaction: try Hex.decode(coinbase.transaction),
        siblings: try hashes(coinbase.merkle)))
    let txid: Hash32
    do {
      txid = try evidence.verify(root: header.merkleRoot)
    } catch {
      throw CommandFailure(error.sentence)
    }
    guard txid.displayHex == expected else {
      throw CommandFailure("its transaction is \(txid.displayHex)")
    }
    let paid = try Transaction(bytes: bytes).outputs
    for output in outputs {
      guard let vout = output.vout, paid.indices.contains(vout),
        String(paid[vout].value) == output.amountMinor, paid[vout].scriptPubKey == script
      else {
        throw CommandFailure(
          "its output \(output.vout ?? 0) doesn't pay \(output.amountMinor) to \(address)")
      }
    }
    return burial
  }

  private func bury(_ burial: inout Burial, under hash: Hash32) throws {
    var last = hash
    for (place, text) in (headers ?? []).enumerated() {
      let bytes = try Hex.decode(text)
      let header = try BlockHeader(bytes: bytes.span.bytes)
      guard header.previousBlockHash == last else {
        throw CommandFailure("header \(place + 1) on top doesn't stand on the one before")
      }
      burial.work = (try? burial.work.adding(Self.work(of: header))) ?? .max
      last = header.hash
      burial.above.append(last.displayHex)
    }
  }

  private static func work(of header: BlockHeader) throws -> UInt256 {
    let target = CompactTarget(header.bits)
    guard header.hash.littleEndianNumber <= (try target.target) else {
      throw CommandFailure("a header's hash doesn't meet its target")
    }
    return try target.work
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
