internal import Bitcoin
internal import Bytes
internal import ChainTypes

/// A real block whose outputs' scripts become others, of the same lengths, before each scan. It is
/// sound again each time, with the work that regtest asks for.
struct FreshBlock {
  private var block: Block
  private var bytes: [UInt8]
  private var state: UInt64 = 0
  private let hasWitness: Bool

  init(_ original: [UInt8]) throws {
    block = try Block(bytes: original)
    bytes = original
    hasWitness = block.transactions.contains(where: \.hasWitness)
    renew(forHashing: true)
  }

  /// The same with other scripts to come.
  func reseeded() -> FreshBlock {
    var other = self
    other.state = .random(in: 0...(.max))
    return other
  }

  func scan(
    _ verification: BlockVerification, watching: some OutputWatching
  ) throws -> ScannedBlock {
    try BlockScanner.scan(
      bytes.span.bytes, expecting: nil, network: .regtest, verification: verification,
      watching: watching)
  }

  /// - Parameter forHashing: whether roots, commitment and work are made anew, too
  mutating func renew(forHashing: Bool) {
    for transaction in block.transactions.indices.dropFirst() {
      for output in block.transactions[transaction].outputs.indices {
        Self.renew(&block.transactions[transaction].outputs[output].scriptPubKey, &state)
      }
    }
    if forHashing {
      if hasWitness {
        // The last output that commits counts, so one more replaces those before.
        block.transactions[0].outputs.removeAll {
          WitnessCommitment.committedHash(in: $0.scriptPubKey.span.bytes) != nil
        }
        block.commitToWitnesses()
      }
      block.header.bits = BitcoinNetwork.regtest.powLimitBits
      block.header.merkleRoot = block.merkleRoot
      _ = block.header.findNonce()
    }
    bytes = block.bytes
  }

  /// Another hash in a script of a kind that has an address; others stay as they are.
  private static func renew(_ script: inout [UInt8], _ state: inout UInt64) {
    let hash: Range<Int>
    switch script.count {
    case 22, 23: hash = 2..<22
    case 25: hash = 3..<23
    case 34: hash = 2..<34
    default: return
    }
    for place in hash {
      // A generator of Knuth's; nobody has to guess these.
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      script[place] = UInt8(truncatingIfNeeded: state >> 56)
    }
  }
}
