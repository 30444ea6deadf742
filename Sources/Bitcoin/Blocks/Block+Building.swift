package import Bytes

// Building blocks and coinbases: for tests and simulated nodes.
extension Block {
  /// A block over `transactions` whose first is the coinbase, with the merkle root filled in and
  /// the nonce zero: `header.findNonce()` does the work.
  ///
  /// The coinbase gains a witness commitment and its reserved value where a transaction has a
  /// witness and the coinbase lacks them.
  package static func assemble(
    version: Int32 = 0x2000_0000, previousBlockHash: Hash32, time: UInt32, bits: UInt32,
    transactions: [Transaction]
  ) -> Block {
    let header = BlockHeader(
      version: version, previousBlockHash: previousBlockHash, merkleRoot: .zero, time: time,
      bits: bits, nonce: 0)
    var block = Block(header: header, transactions: transactions)
    if transactions.dropFirst().contains(where: \.hasWitness),
      WitnessCommitment.committedHash(in: transactions[0]) == nil
    {
      block.commitToWitnesses()
    }
    block.header.merkleRoot = block.merkleRoot
    return block
  }

  /// The merkle root over the txids.
  package var merkleRoot: Hash32 { MerkleTree.root(of: transactions.map(\.txid)).root }

  /// Gives the coinbase a reserved value of zeros and an output that commits to the witnesses; the
  /// merkle root then has to be set anew. A block without transactions stays as it is.
  package mutating func commitToWitnesses() {
    guard let coinbase = transactions.first, !coinbase.inputs.isEmpty else { return }
    let hash = WitnessCommitment.hash(root: WitnessCommitment.root(of: transactions))
    transactions[0].inputs[0].witness = [Hash32.zero.bytes]
    transactions[0].outputs.append(
      TransactionOutput(
        value: 0, scriptPubKey: WitnessCommitment.scriptPubKey(committingTo: hash)))
  }
}

extension Transaction {
  /// A coinbase for a block at `height`, which its scriptSig begins with (BIP-0034); `extra` (at
  /// most 90 bytes) makes its txid differ from that of another with the same outputs.
  package static func coinbase(
    height: UInt32, extra: [UInt8] = [0x00], outputs: [TransactionOutput]
  ) -> Transaction {
    precondition(extra.count <= 90, "a coinbase's scriptSig holds at most 100 bytes")
    let script = pushed(height: height) + extra
    let input = TransactionInput(outpoint: .null, scriptSig: script, sequence: .max)
    return Transaction(version: 2, inputs: [input], outputs: outputs, lockTime: 0)
  }

  /// The script that pushes a height: OP_0, OP_1 to OP_16, or its bytes behind their count, least
  /// significant first, with a zero byte where the last would look like a sign.
  private static func pushed(height: UInt32) -> [UInt8] {
    switch height {
    case 0: return [0x00]
    case 1...16: return [0x50 + UInt8(height)]
    default:
      var number: [UInt8] = []
      var rest = height
      while rest > 0 {
        number.append(UInt8(truncatingIfNeeded: rest))
        rest >>= 8
      }
      if let last = number.last, last & 0x80 != 0 { number.append(0) }
      return [UInt8(number.count)] + number
    }
  }
}
